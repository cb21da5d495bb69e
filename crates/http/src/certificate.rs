//! Reads the subject, issuer and expiry of a server's certificate (RFC 5280), for `taskferry doctor`. The TLS library has
//! verified the certificate.

use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::jiff::civil::DateTime;
use taskferry_sdk::jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The tag of the version, which precedes the serial number and may be missing.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// The tag of a DNS name in a list of alternative names.
const DNS_NAME: u8 = 0x82;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// A server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose certificate it is: the common name, or the first alternative name.
    pub subject: Option<String>,
    /// Who issued it: the common name, or the organization.
    pub issuer: Option<String>,
    /// The end of its validity.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Reads a certificate in DER form; `None` if it has another form.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut outer = Elements(der);
        let mut certificate = Elements(outer.expect(SEQUENCE)?);
        let mut fields = Elements(certificate.expect(SEQUENCE)?);
        let (tag, _) = fields.next()?;
        if tag == VERSION {
            fields.next()?;
        }
        let _signature_algorithm = fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut validity = Elements(fields.expect(SEQUENCE)?);
        let _not_before = validity.next()?;
        let not_after = time(validity.next()?)?;
        let subject = fields.expect(SEQUENCE)?;
        let subject = name(subject, COMMON_NAME).or_else(|| alternative_name(fields));
        let issuer = name(issuer, COMMON_NAME).or_else(|| name(issuer, ORGANIZATION));
        Some(Self { subject, issuer, not_after })
    }
}

/// The elements of a DER value: tag and content.
#[derive(Clone)]
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, length], mut rest) = self.0.split_first_chunk()?;
        let mut size = usize::from(length);
        if length >= 0x80 {
            let (digits, after) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let digit =
                |size: usize, digit: &u8| size.checked_mul(256)?.checked_add(usize::from(*digit));
            (size, rest) = (digits.iter().try_fold(0, digit)?, after);
        }
        let (content, after) = rest.split_at_checked(size)?;
        self.0 = after;
        Some((tag, content))
    }
}

/// The attribute `wanted` of a distinguished name.
fn name(distinguished: &[u8], wanted: &[u8]) -> Option<String> {
    Elements(distinguished).flat_map(|(_, set)| Elements(set)).find_map(|(_, attribute)| {
        let mut parts = Elements(attribute);
        let is_wanted = parts.expect(OBJECT_ID)? == wanted;
        let (_, text) = parts.next()?;
        is_wanted.then(|| String::from_utf8_lossy(text).into_owned())
    })
}

/// The first DNS name among the extensions in the rest of the fields.
fn alternative_name(mut fields: Elements<'_>) -> Option<String> {
    let (_, extensions) = fields.find(|(tag, _)| *tag == EXTENSIONS)?;
    let list = Elements(extensions).expect(SEQUENCE)?;
    let names = Elements(list).find_map(|(_, extension)| {
        let mut parts = Elements(extension);
        let is_wanted = parts.expect(OBJECT_ID)? == ALTERNATIVE_NAMES;
        parts.find(|(tag, _)| is_wanted && *tag == OCTET_STRING).map(|(_, names)| names)
    })?;
    let mut names = Elements(Elements(names).expect(SEQUENCE)?);
    let (_, name) = names.find(|(tag, _)| *tag == DNS_NAME)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match (tag, text.get(..2)?) {
        // Two digits stand for 1950 to 2049.
        (UTC_TIME, year) if year < "50" => format!("20{text}"),
        (UTC_TIME, _) => format!("19{text}"),
        (GENERALIZED_TIME, _) => text.to_owned(),
        _ => return None,
    };
    let instant = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(instant).ok()
}
