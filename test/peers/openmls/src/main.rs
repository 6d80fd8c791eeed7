//! A peer with OpenMLS. Its argument names the provider: `libcrux` or `rust-crypto`.
use line_protocol::{Added, Foreign, Peer, Result, serve};
use openmls::prelude::{tls_codec::*, *};
use openmls_basic_credential::SignatureKeyPair;
use openmls_traits::signatures::Signer;
use openmls_traits::storage::StorageProvider;
use std::collections::HashMap;

struct OpenMls<P> {
    provider: P,
    keys: HashMap<u16, SignatureKeyPair>,
}

impl<P: OpenMlsProvider> OpenMls<P> {
    fn new(provider: P) -> Self {
        Self { provider, keys: HashMap::new() }
    }

    fn suite(&self, number: u16) -> Result<Ciphersuite> {
        let suite = Ciphersuite::try_from(number)?;
        self.provider.crypto().supports(suite)?;
        Ok(suite)
    }

    /// The key of the suite, which is made at the first call.
    fn keys(&mut self, suite: Ciphersuite) -> Result<&SignatureKeyPair> {
        let number = u16::from(suite);
        if !self.keys.contains_key(&number) {
            self.keys.insert(number, SignatureKeyPair::new(suite.signature_algorithm())?);
        }
        Ok(&self.keys[&number])
    }

    fn decode_key_package(&self, message: &[u8]) -> Result<KeyPackage> {
        let MlsMessageBodyIn::KeyPackage(decoded) = MlsMessageIn::tls_deserialize_exact(message)?.extract() else {
            return Err("expected a KeyPackage".into());
        };
        Ok(decoded.validate(self.provider.crypto(), ProtocolVersion::Mls10)?)
    }
}

fn credential(identity: &[u8], keys: &SignatureKeyPair) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(identity.to_vec()).into(),
        signature_key: keys.to_public_vec().into(),
    }
}

impl<P: OpenMlsProvider + 'static> Peer for OpenMls<P> {
    fn key_package(&mut self, suite: u16, identity: &[u8]) -> Result<Vec<u8>> {
        let suite = self.suite(suite)?;
        self.keys(suite)?;
        let keys = &self.keys[&suite.into()];
        // core-crypto adds only clients that list both.
        let credentials = [CredentialType::Basic, CredentialType::X509];
        let bundle = KeyPackage::builder()
            .leaf_node_capabilities(Capabilities::new(None, None, None, None, Some(&credentials)))
            .build(suite, &self.provider, keys, credential(identity, keys))?;
        Ok(MlsMessageOut::from(bundle.key_package().clone()).tls_serialize_detached()?)
    }

    fn sign(&mut self, suite: u16, content: &[u8]) -> Result<Vec<u8>> {
        let suite = self.suite(suite)?;
        Ok(self.keys(suite)?.sign(content).map_err(|error| format!("{error:?}"))?)
    }

    fn import(&mut self, suite: u16, package: Foreign) -> Result<()> {
        self.suite(suite)?;
        let key_package = self.decode_key_package(package.key_package)?;
        let reference = key_package.hash_ref(self.provider.crypto())?;
        let private = |key: &[u8]| serde_json::to_value(HpkePrivateKey::from(key.to_vec()));
        // Applications build no bundle from its parts, but they store and read whole ones.
        let bundle: KeyPackageBundle = serde_json::from_value(serde_json::json!({
            "key_package": key_package,
            "private_init_key": private(package.init_key)?,
            "private_encryption_key": { "key": private(package.encryption_key)? },
        }))?;
        self.provider.storage().write_key_package(&reference, &bundle).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn add(&mut self, suite: u16, identity: &[u8], key_package: &[u8], text: &[u8]) -> Result<Added> {
        let suite = self.suite(suite)?;
        let key_package = self.decode_key_package(key_package)?;
        self.keys(suite)?;
        let keys = &self.keys[&suite.into()];
        let mut group = MlsGroup::builder().ciphersuite(suite).use_ratchet_tree_extension(true).build(
            &self.provider,
            keys,
            credential(identity, keys),
        )?;
        let (_, welcome, _) = group.add_members(&self.provider, keys, &[key_package])?;
        group.merge_pending_commit(&self.provider)?;
        let message = group.create_message(&self.provider, keys, text)?;
        Ok(Added { welcome: welcome.tls_serialize_detached()?, message: message.tls_serialize_detached()? })
    }

    fn join(&mut self, suite: u16, welcome: &[u8], message: &[u8]) -> Result<Vec<u8>> {
        self.suite(suite)?;
        let MlsMessageBodyIn::Welcome(welcome) = MlsMessageIn::tls_deserialize_exact(welcome)?.extract() else {
            return Err("expected a Welcome".into());
        };
        let config = MlsGroupJoinConfig::default();
        let staged = StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)?;
        let mut group = staged.into_group(&self.provider)?;
        let message = MlsMessageIn::tls_deserialize_exact(message)?.try_into_protocol_message()?;
        match group.process_message(&self.provider, message)?.into_content() {
            ProcessedMessageContent::ApplicationMessage(read) => Ok(read.into_bytes()),
            _ => Err("expected an application message".into()),
        }
    }
}

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("libcrux") => serve(&mut OpenMls::new(openmls_libcrux_crypto::Provider::new()?))?,
        Some("rust-crypto") => serve(&mut OpenMls::new(openmls_rust_crypto::OpenMlsRustCrypto::default()))?,
        _ => return Err("expected libcrux or rust-crypto as the argument".into()),
    }
    Ok(())
}
