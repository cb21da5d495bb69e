//! `sandbox:` URLs.

use taskferry_sandbox::{DataOrigin, Faults, SandboxSettings, SandboxUrl};

fn data(url: &str) -> DataOrigin {
    SandboxUrl::parse(url).unwrap().data
}

fn problems(url: &str) -> Vec<(String, &str)> {
    let problems = SandboxUrl::parse(url).unwrap_err();
    problems.into_iter().map(|problem| (problem.message, &url[problem.range])).collect()
}

#[test]
fn missing_parameters_have_defaults() {
    for url in ["sandbox:", "sandbox:?", "sandbox:?jobs=200", "sandbox:?seed=1&jobs=200&"] {
        assert_eq!(data(url), DataOrigin::Generated { jobs: 200, seed: 1 }, "{url}");
    }
}

#[test]
fn jobs_and_seed_are_accepted_up_to_their_limits() {
    assert_eq!(data("sandbox:?jobs=0"), DataOrigin::Generated { jobs: 0, seed: 1 });
    assert_eq!(
        data("sandbox:?jobs=1000000&seed=18446744073709551615"),
        DataOrigin::Generated { jobs: 1_000_000, seed: u64::MAX }
    );
}

#[test]
fn a_file_name_is_literal_except_for_percent_encoding() {
    for (written, meant) in [
        ("/data/jobs.ndjson.gz", "/data/jobs.ndjson.gz"),
        ("a=b+c #?.ndjson", "a=b+c #?.ndjson"),
        ("a%26b%20%C3%A9.ndjson", "a&b é.ndjson"),
        ("100%.ndjson", "100%.ndjson"),
        ("%zz%4", "%zz%4"),
        ("été.ndjson", "été.ndjson"),
    ] {
        assert_eq!(data(&format!("sandbox:?data={written}")), DataOrigin::File(meant.into()));
    }
    let url = SandboxUrl::parse("sandbox:?data=x.ndjson").unwrap();
    assert_eq!(url.file_range, Some(14..22));
}

#[test]
fn every_error_is_reported_with_its_range() {
    assert_eq!(
        problems("sandbox:?jobs=-1&sede=4&seed=x&color=red"),
        [
            ("`-1` is not a number of jobs".to_owned(), "-1"),
            ("unknown parameter `sede`".to_owned(), "sede"),
            ("`x` is not a seed".to_owned(), "x"),
            ("unknown parameter `color`".to_owned(), "color"),
        ]
    );
    assert_eq!(problems("sandbox:?jobs=1000001")[0].1, "1000001");
    assert_eq!(
        problems("sandbox:?jobs=1&jobs=2"),
        [("the parameter `jobs` is given twice".to_owned(), "jobs=2")]
    );
    assert_eq!(problems("sandbox:?data="), [("`data` has no value".to_owned(), "data=")]);
    assert_eq!(problems("sandbox:?data=%FF")[0].1, "%FF");
    assert_eq!(problems("sandbox://x"), [("not a sandbox URL".to_owned(), "//x")]);
    assert_eq!(problems("http://x"), [("not a sandbox URL".to_owned(), "http://x")]);
}

#[test]
fn faults_are_parsed_in_order_and_wrong_ones_are_reported() {
    let url = SandboxUrl::parse("sandbox:?fault=429@3:retry-after=2&fault=503%10&seed=7").unwrap();
    let faults = ["429@3:retry-after=2", "503%10"].map(|text| text.parse().unwrap());
    assert_eq!(url.faults, Faults { faults: faults.to_vec(), seed: 7 });
    SandboxUrl::parse("sandbox:?data=x&fault=cut%5&seed=7").unwrap();
    assert_eq!(
        problems("sandbox:?fault=cut@4&fault=cutt"),
        [("there is no fault `cutt`".to_owned(), "cutt")]
    );
}

#[test]
fn settings_are_parsed_and_wrong_ones_are_reported() {
    let url = SandboxUrl::parse("sandbox:?setting=unknown_cursor=400&setting=no_skills=absent");
    let mut settings = SandboxSettings::default();
    settings.set("unknown_cursor=400").unwrap();
    settings.set("no_skills=absent").unwrap();
    assert_eq!(url.unwrap().settings, settings);
    assert_eq!(
        problems("sandbox:?setting=no_skill=absent&setting=bad_value=422&setting=bad_value=400"),
        [
            ("unknown setting `no_skill`".to_owned(), "no_skill=absent"),
            ("the setting `bad_value` is given twice".to_owned(), "bad_value=400")
        ]
    );
}

#[test]
fn a_file_and_generated_jobs_exclude_each_other() {
    let found = problems("sandbox:?jobs=5&data=x&seed=3");
    assert_eq!(found.iter().map(|problem| problem.1).collect::<Vec<_>>(), ["jobs=5", "seed=3"]);
}

#[test]
fn the_nearest_parameter_is_suggested() {
    for (wrong, near) in [("job", "jobs"), ("date", "data"), ("sead", "seed"), ("JOBS", "jobs")] {
        let problems = SandboxUrl::parse(&format!("sandbox:?{wrong}=1")).unwrap_err();
        assert_eq!(problems[0].help, format!("did you mean `{near}`?"));
    }
}
