//! core-crypto adds only clients whose capabilities list basic and X.509 credentials. mls-rs lists what its identity
//! provider supports, which is one or the other; this one says that it supports both, and takes basic ones.
use mls_rs::identity::basic::{BasicIdentityProvider, BasicIdentityProviderError};
use mls_rs::identity::{CredentialType, SigningIdentity};
use mls_rs::{ExtensionList, IdentityProvider, time::MlsTime};
use mls_rs_core::identity::MemberValidationContext;

type Result<T> = std::result::Result<T, BasicIdentityProviderError>;

#[derive(Clone)]
pub struct ListsX509(pub BasicIdentityProvider);

impl IdentityProvider for ListsX509 {
    type Error = BasicIdentityProviderError;

    fn validate_member(
        &self,
        member: &SigningIdentity,
        at: Option<MlsTime>,
        context: MemberValidationContext<'_>,
    ) -> Result<()> {
        self.0.validate_member(member, at, context)
    }

    fn validate_external_sender(
        &self,
        sender: &SigningIdentity,
        at: Option<MlsTime>,
        extensions: Option<&ExtensionList>,
    ) -> Result<()> {
        self.0.validate_external_sender(sender, at, extensions)
    }

    fn identity(&self, member: &SigningIdentity, extensions: &ExtensionList) -> Result<Vec<u8>> {
        self.0.identity(member, extensions)
    }

    fn valid_successor(
        &self,
        predecessor: &SigningIdentity,
        successor: &SigningIdentity,
        extensions: &ExtensionList,
    ) -> Result<bool> {
        self.0.valid_successor(predecessor, successor, extensions)
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![CredentialType::BASIC, CredentialType::X509]
    }
}
