//! Authentication: access tokens, scopes, and the assertions of clients.

mod assertion;
mod key;
mod scope;
mod token;

pub(crate) use assertion::Assertions;
pub use key::PublicKey;
pub(crate) use key::{RegisteredKeys, read_keys};
pub(crate) use scope::Scope;
pub(crate) use token::{Bearer, EXPIRED, Tokens};
