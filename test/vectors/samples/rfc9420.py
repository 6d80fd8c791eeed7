"""A KeyPackage of rfc9420 1.3.0 in hex. The package has no builder: its structs and signatures are put together here."""
import time
from dataclasses import replace
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rfc9420 import DefaultCryptoProvider
from rfc9420.extensions.extensions import build_capabilities_data
from rfc9420.messages.data_structures import Credential, Signature
from rfc9420.messages.key_packages import KeyPackage, LeafNode

crypto = DefaultCryptoProvider()
key = Ed25519PrivateKey.generate()
private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
fresh = lambda: X25519PrivateKey.generate().public_key().public_bytes_raw()
now = int(time.time())
leaf = LeafNode(
    encryption_key=fresh(),
    signature_key=public,
    credential=Credential(identity=b"alice", public_key=public),
    capabilities=build_capabilities_data([1], []),
    lifetime_not_before=now,
    lifetime_not_after=now + 84 * 86_400,
)
leaf = replace(leaf, signature=Signature(crypto.sign_with_label(private, b"LeafNodeTBS", leaf.tbs_serialize())))
package = KeyPackage(init_key=fresh(), leaf_node=leaf)
package = replace(package, signature=Signature(crypto.sign_with_label(private, b"KeyPackageTBS", package.tbs_serialize())))
print("rfc9420", package.serialize().hex())
