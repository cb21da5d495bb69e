//! The syntax of faults.

use taskferry_sandbox::{FAULTS, Fault};

#[test]
fn faults_with_the_same_meaning_are_equal() {
    let read = |text: &str| text.parse::<Fault>().unwrap();
    for (one, other) in [
        ("cut@4", "cut@4-4"),
        ("slow@2", "slow=2s@2"),
        ("latency=1m", "latency=60s"),
        ("503:on=export", "503"),
    ] {
        assert_eq!(read(one), read(other));
    }
    for other in ["cut", "cut@4-", "cut@3-4", "cut%4", "503@4"] {
        assert_ne!(read("cut@4"), read(other));
    }
}

#[test]
fn every_documented_fault_can_be_read() {
    for fault in FAULTS {
        fault.form.replace("TIME", "1s").parse::<Fault>().unwrap();
    }
}

#[test]
fn an_error_lists_the_valid_faults() {
    for (wrong, message) in [
        ("cutt@3", "there is no fault `cutt`; did you mean `cut`?"),
        ("Expired_Token", "there is no fault `Expired_Token`; did you mean `expired-token`?"),
        (
            "cut@0",
            "`@0` does not name any requests; write `@3`, `@3-5` or `@3-`; the first request is 1",
        ),
        (
            "cut@5-3",
            "`@5-3` does not name any requests; write `@3`, `@3-5` or `@3-`; the first request is 1",
        ),
        (
            "cut%0",
            "`%0` is not a percentage; write a whole number from 1 to 100 after the percent sign",
        ),
        ("cut=3", "`cut` does not accept the value `3`; write `cut`"),
        ("latency", "`latency` needs a time; write `latency=200ms`"),
        (
            "latency=5",
            "`5` is not a duration; write for example `200ms`, `2s` or `1m`, at most 10 minutes",
        ),
        (
            "latency=11m",
            "`11m` is not a duration; write for example `200ms`, `2s` or `1m`, at most 10 minutes",
        ),
        (
            "cut:retry-after=1",
            "`cut` does not accept `retry-after`; use it with 429, 500, 502, 503 or 504",
        ),
        (
            "429:retry-after=soon",
            "`soon` is not a valid value of `retry-after`; write a number of seconds, or `date`",
        ),
        (
            "429:when=now",
            "`when=now` is not an option of a fault; the options are `retry-after=…` and `on=…`",
        ),
        (
            "empty-page:on=token",
            "`empty-page` does not accept `on=token`; remove `on`: this fault applies only to requests for pages",
        ),
        (
            "empty-page:on=any",
            "`empty-page` does not accept `on=any`; remove `on`: this fault applies only to requests for pages",
        ),
        (
            "expired-token:on=token",
            "`expired-token` does not accept `on=token`; remove `on`: this fault applies only to requests for pages",
        ),
    ] {
        assert_eq!(wrong.parse::<Fault>().unwrap_err().to_string(), message);
    }
    let all = "418".parse::<Fault>().unwrap_err().to_string();
    assert!(all.contains("did you mean `429`?") || all.contains("the faults are"), "{all}");
    assert!("teapot".parse::<Fault>().unwrap_err().help.starts_with("the faults are latency, 429"));
}
