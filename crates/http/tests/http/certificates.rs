//! The fields of certificates.

use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use taskferry_http::Certificate;

fn certificate(common_name: Option<&str>, year: i32) -> Vec<u8> {
    let mut params =
        CertificateParams::new(["acme.example".to_owned(), "b.example".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = common_name {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params.not_after = date_time_ymd(year, 3, 4);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

#[test]
fn a_certificate_names_its_subject_and_its_end() {
    let read = Certificate::from_der(&certificate(Some("Acme"), 2031)).unwrap();
    assert_eq!(read.subject.as_deref(), Some("Acme"));
    assert_eq!(read.issuer.as_deref(), Some("Acme"));
    assert_eq!(read.not_after.to_string(), "2031-03-04T00:00:00Z");
}

#[test]
fn without_a_common_name_the_first_dns_name_is_the_subject() {
    let read = Certificate::from_der(&certificate(None, 2077)).unwrap();
    assert_eq!(read.subject.as_deref(), Some("acme.example"));
    assert_eq!(read.issuer, None);
    assert_eq!(read.not_after.to_string(), "2077-03-04T00:00:00Z");
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), at in 0..400_usize) {
        _ = Certificate::from_der(&bytes);
        let mut der = certificate(None, 2031);
        let end = (at + bytes.len()).min(der.len());
        if at < end {
            der.splice(at..end, bytes);
        }
        _ = Certificate::from_der(&der);
    }
}
