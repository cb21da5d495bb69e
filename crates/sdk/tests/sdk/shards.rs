//! Shards are parsed.

use taskferry_sdk::Shard;

#[test]
fn an_invalid_shard_is_described() {
    for text in ["", "2", "0/8", "9/8", "1/0", "a/b", "-1/8", "1/8/2", "2-of-8"] {
        let error = text.parse::<Shard>().unwrap_err();
        assert!(error.starts_with(&format!("`{text}` is not a shard")), "{error}");
    }
    assert_eq!("1/1".parse::<Shard>().unwrap().to_string(), "1/1");
}
