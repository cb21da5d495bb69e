//! Authentication: access tokens, scopes, and the assertions of clients.

mod assertion;
mod key;
mod scope;
mod token;

pub(crate) use assertion::{AssertionProblem, Assertions};
pub use key::{KeyProblem, PublicKey};
pub(crate) use key::{RegisteredKeys, read_keys};
pub(crate) use scope::Scope;
pub(crate) use token::{Bearer, Denied, Tokens};
