//! A peer with mls-rs. Its argument names the provider: `rustcrypto` or `aws-lc`.
mod lists_x509;

use line_protocol::{Added, Foreign, Peer, Result, serve};
use lists_x509::ListsX509;
use mls_rs::client_builder::{BaseConfig, WithCryptoProvider, WithIdentityProvider};
use mls_rs::crypto::{SignaturePublicKey, SignatureSecretKey};
use mls_rs::group::ReceivedMessage;
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::mls_rs_codec::MlsEncode;
use mls_rs::storage_provider::KeyPackageData;
use mls_rs::{CipherSuite, CipherSuiteProvider, Client, CryptoProvider, MlsMessage};
use mls_rs_crypto_awslc::AwsLcCryptoProvider;
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use std::collections::HashMap;
use std::time::Duration;

type Config<P> = WithIdentityProvider<ListsX509, WithCryptoProvider<P, BaseConfig>>;

/// The default is a year, which is more than a directory takes unless it is told to.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

struct Keys {
    secret: SignatureSecretKey,
    public: SignaturePublicKey,
}

struct MlsRs<P: CryptoProvider + Clone> {
    crypto: P,
    /// By suite, made at the first use.
    keys: HashMap<u16, Keys>,
    /// By suite: a client of mls-rs has one signing identity.
    owners: HashMap<u16, Client<Config<P>>>,
}

impl<P: CryptoProvider + Clone> MlsRs<P> {
    fn new(crypto: P) -> Self {
        Self { crypto, keys: HashMap::new(), owners: HashMap::new() }
    }

    fn suite(&self, number: u16) -> Result<P::CipherSuiteProvider> {
        let found = self.crypto.cipher_suite_provider(CipherSuite::new(number));
        found.ok_or_else(|| "the provider does not have the suite".into())
    }

    fn keys(&mut self, number: u16) -> Result<&Keys> {
        if !self.keys.contains_key(&number) {
            let generated = self.suite(number)?.signature_key_generate();
            let (secret, public) = generated.map_err(|error| format!("{error:?}"))?;
            self.keys.insert(number, Keys { secret, public });
        }
        Ok(&self.keys[&number])
    }

    /// Who has the private keys of this peer's packages of the suite.
    fn owner(&mut self, number: u16, identity: &[u8]) -> Result<&Client<Config<P>>> {
        if !self.owners.contains_key(&number) {
            let client = self.client(number, identity)?;
            self.owners.insert(number, client);
        }
        Ok(&self.owners[&number])
    }

    fn client(&mut self, number: u16, identity: &[u8]) -> Result<Client<Config<P>>> {
        let crypto = self.crypto.clone();
        let Keys { secret, public } = self.keys(number)?;
        let credential = BasicCredential::new(identity.to_vec()).into_credential();
        Ok(Client::builder()
            .crypto_provider(crypto)
            .identity_provider(ListsX509(BasicIdentityProvider::new()))
            .key_package_lifetime(LIFETIME)
            .signing_identity(
                SigningIdentity::new(credential, public.clone()),
                secret.clone(),
                CipherSuite::new(number),
            )
            .build())
    }
}

impl<P: CryptoProvider + Clone> Peer for MlsRs<P> {
    fn key_package(&mut self, suite: u16, identity: &[u8]) -> Result<Vec<u8>> {
        let owner = self.owner(suite, identity)?;
        Ok(owner.generate_key_package_message(Default::default(), Default::default(), None)?.to_bytes()?)
    }

    fn sign(&mut self, suite: u16, content: &[u8]) -> Result<Vec<u8>> {
        let provider = self.suite(suite)?;
        let signed = provider.sign(&self.keys(suite)?.secret, content);
        Ok(signed.map_err(|error| format!("{error:?}"))?)
    }

    fn import(&mut self, suite: u16, package: Foreign) -> Result<()> {
        let message = MlsMessage::from_bytes(package.key_package)?;
        let reference = message.key_package_reference(&self.suite(suite)?)?.ok_or("expected a KeyPackage")?;
        let key_package = message.into_key_package().ok_or("expected a KeyPackage")?;
        let data = KeyPackageData::new(
            key_package.mls_encode_to_vec()?,
            package.init_key.to_vec().into(),
            package.encryption_key.to_vec().into(),
            key_package.expiration()?.seconds_since_epoch(),
        );
        self.owner(suite, b"importer")?.key_package_store().insert(reference.to_vec(), data);
        Ok(())
    }

    fn add(&mut self, suite: u16, identity: &[u8], key_package: &[u8], text: &[u8]) -> Result<Added> {
        let mut group = self.client(suite, identity)?.create_group(Default::default(), Default::default(), None)?;
        let commit = group.commit_builder().add_member(MlsMessage::from_bytes(key_package)?)?.build()?;
        group.apply_pending_commit()?;
        let welcome = commit.welcome_messages.first().ok_or("expected a Welcome")?.to_bytes()?;
        let message = group.encrypt_application_message(text, vec![])?.to_bytes()?;
        Ok(Added { welcome, message })
    }

    fn join(&mut self, suite: u16, welcome: &[u8], message: &[u8]) -> Result<Vec<u8>> {
        let (mut group, _) = self.owner(suite, b"joiner")?.join_group(None, &MlsMessage::from_bytes(welcome)?, None)?;
        match group.process_incoming_message(MlsMessage::from_bytes(message)?)? {
            ReceivedMessage::ApplicationMessage(read) => Ok(read.data().to_vec()),
            _ => Err("expected an application message".into()),
        }
    }
}

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("rustcrypto") => serve(&mut MlsRs::new(RustCryptoProvider::new()))?,
        Some("aws-lc") => serve(&mut MlsRs::new(AwsLcCryptoProvider::new()))?,
        _ => return Err("expected rustcrypto or aws-lc as the argument".into()),
    }
    Ok(())
}
