//! KeyPackages of OpenMLS and mls-rs as each makes them without options, one a line: a name and the bytes in hex.
use mls_rs::identity::{basic::{BasicCredential as RsBasic, BasicIdentityProvider}, SigningIdentity};
use mls_rs::{CipherSuite, CipherSuiteProvider, Client, CryptoProvider};
use openmls::prelude::{tls_codec::*, *};
use openmls_basic_credential::SignatureKeyPair;
use openmls_libcrux_crypto::Provider;

fn openmls(suite: Ciphersuite) -> Vec<u8> {
    let provider = Provider::default();
    let keys = SignatureKeyPair::new(suite.signature_algorithm()).unwrap();
    let with_key = CredentialWithKey {
        credential: BasicCredential::new(b"alice".to_vec()).into(),
        signature_key: keys.to_public_vec().into(),
    };
    let bundle = KeyPackage::builder().build(suite, &provider, &keys, with_key).unwrap();
    bundle.key_package().tls_serialize_detached().unwrap()
}

fn mls_rs_package(suite: CipherSuite) -> Vec<u8> {
    let crypto = mls_rs_crypto_rustcrypto::RustCryptoProvider::new();
    let (secret, public) = crypto.cipher_suite_provider(suite).unwrap().signature_key_generate().unwrap();
    let identity = SigningIdentity::new(RsBasic::new(b"alice".to_vec()).into_credential(), public);
    let client = Client::builder()
        .identity_provider(BasicIdentityProvider::new())
        .crypto_provider(crypto)
        .signing_identity(identity, secret, suite)
        .build();
    client
        .generate_key_package_message(Default::default(), Default::default(), None)
        .unwrap()
        .to_bytes()
        .unwrap()
}

fn main() {
    println!("openmls {}", hex::encode(openmls(Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519)));
    println!("openmls-xwing {}", hex::encode(openmls(Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519)));
    println!("mls-rs {}", hex::encode(mls_rs_package(CipherSuite::CURVE25519_AES128)));
}
