//! Addresses in options.

use taskferry_sdk::{KeyPath, Problem};
use url::{Host, ParseError, Url};

/// Parses the address of a server in an option: an `http` or `https` URL without user and password. `example` is a valid
/// address for the hint. `credentials` is the hint for a URL with user and password.
///
/// # Errors
/// The error in the address, with an empty path. The message does not contain the address, which may be a secret.
///
/// ```
/// let parse = |text| taskferry_http::parse_address(text, "https://a.example", "use `headers`");
/// assert!(parse("https://a.example/tasks").is_ok());
/// assert_eq!(parse("a.example").unwrap_err().code, "invalid-url");
/// assert_eq!(parse("https://{tenant}.example").unwrap_err().code, "invalid-url");
/// ```
pub fn parse_address(text: &str, example: &str, credentials: &str) -> Result<Url, Problem> {
    let problem = |code, message: &str, help: String| {
        Err(Problem::at(KeyPath::root(), code, message).help(help))
    };
    let write = || format!("write for example \"{example}\"");
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            let message = "this is not a URL: `https://` is missing";
            return problem("invalid-url", message, write());
        }
        Err(error) => {
            return problem("invalid-url", &format!("this is not a URL: {error}"), write());
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        let message = "the URL begins neither with `https://` nor with `http://`";
        return problem("unsupported-scheme", message, write());
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL contains a user or a password";
        let help = format!("remove the part before `@`; {credentials}");
        return problem("credentials-in-url", message, help);
    }
    if let Some(character) = invalid_host_character(&url) {
        let message = format!("the host of the URL contains `{character}`");
        let help = match character {
            '$' => "write a variable as `${NAME}`".to_owned(),
            '{' | '}' => "replace the text in braces; write a variable as `${NAME}`".to_owned(),
            _ => write(),
        };
        return problem("invalid-url", &message, help);
    }
    Ok(url)
}

/// The first character of the host that the URL parser accepts, but no host name can contain.
pub(crate) fn invalid_host_character(url: &Url) -> Option<char> {
    let Some(Host::Domain(name)) = url.host() else { return None };
    name.chars().find(|it| !it.is_ascii_alphanumeric() && !"-._".contains(*it))
}
