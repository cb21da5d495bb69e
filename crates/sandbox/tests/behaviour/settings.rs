//! Settings for behavior that the public API reference leaves open.

use std::time::SystemTime;

use reqwest::Method;
use serde_json::{Value, json};
use taskferry_sandbox::{DataOrigin, SETTINGS, SandboxOptions, SandboxSettings};

use crate::client::{Client, descriptions, file_with, full_task, place, settings_of, task};

fn job() -> Value {
    let mut hours = full_task("b", &Value::Null);
    hours["weekly_hours"] = json!(2.5);
    hours["linked_skills"] = json!([]);
    json!({"external_id": "j1", "tasks": [full_task("a", &place("Law", "Courts", "Cases", "Plead")), hours, task("c", "suggested")]})
}

async fn client(settings: &[&str]) -> Client {
    Client::with_settings(&[job()], settings).await
}

async fn status(client: &Client, query: &str, body: Value) -> u16 {
    client.export(query, &body).await.0.as_u16()
}

#[tokio::test]
async fn the_status_of_an_unknown_cursor_can_be_set() {
    let lost = json!({"limit": 1, "starting_after": "gone"});
    for (setting, expected) in [("404", 404), ("400", 400)] {
        let client = client(&[&format!("unknown_cursor={setting}")]).await;
        assert_eq!(status(&client, "", lost.clone()).await, expected);
    }
    let client = client(&["unknown_cursor=start"]).await;
    assert_eq!(client.page("", &lost).await, client.page("", &json!({"limit": 1})).await);
}

#[tokio::test]
async fn the_response_to_a_missing_limit_can_be_set() {
    for (setting, expected) in [("400", 400), ("422", 422), ("10", 200)] {
        let client = client(&[&format!("missing_limit={setting}")]).await;
        assert_eq!(status(&client, "", json!({})).await, expected);
        assert_eq!(status(&client, "", json!({"limit": 0})).await, 400);
    }
    let jobs: Vec<_> =
        (0..11).map(|id| json!({"external_id": id.to_string(), "tasks": []})).collect();
    let client = Client::with_settings(&jobs, &["missing_limit=10"]).await;
    assert_eq!(client.page("", &json!({})).await["records"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn the_status_of_wrong_values_and_unknown_fields_can_be_set() {
    let strict = client(&["bad_value=422", "unknown_field=422"]).await;
    for (query, body, expected) in [
        ("", json!({"limit": 0}), 422),
        ("", json!({"limit": 1, "include": ["x"]}), 422),
        ("", json!({"limit": 1, "filters": [{"filter": "x"}]}), 422),
        ("?response_format=x", json!({"limit": 1}), 422),
        ("", json!({"limit": 1, "x": 1}), 422),
        ("?x=1", json!({"limit": 1}), 422),
        // A malformed body is always 400.
        ("", json!([]), 400),
        ("", json!({"include": ["x"]}), 400),
    ] {
        let answer = strict.export(query, &body).await;
        assert_eq!(answer.0.as_u16(), expected, "{query} {body}");
        descriptions(&answer);
    }
    let lenient = client(&["unknown_field=ignore"]).await;
    assert_eq!(status(&lenient, "?x=1", json!({"limit": 1, "x": 1})).await, 200);
}

#[tokio::test]
async fn the_filter_last_updated_can_be_disabled() {
    let client = client(&["last_updated_filter=off"]).await;
    let filter = json!([{"filter": "last_updated", "value": "2022-01-01", "operator": "lt"}]);
    let answer = client.export("", &json!({"limit": 1, "filters": filter})).await;
    assert_eq!(answer.0, 400);
    assert!(
        descriptions(&answer)[0].contains("the supported filters are `job_family_id_is_in_list`")
    );
}

#[tokio::test]
async fn whether_feedback_updates_a_job_can_be_set() {
    const LONG_AGO: &str = "2020-01-01T00:00:00Z";
    let job =
        json!({"external_id": "j1", "last_updated": LONG_AGO, "tasks": [task("a", "suggested")]});
    for (setting, is_update) in [("job", false), ("profile", true)] {
        let assignment = format!("last_updated={setting}");
        let client = Client::with_settings(std::slice::from_ref(&job), &[&assignment]).await;
        let feedback = json!({"tasks": [{"task_id": "a", "validation_state": "rejected"}]});
        let path = "/job_architecture/jobs/j1/task_profile";
        let sent = client.send(Method::PATCH, path).json(&feedback).send().await.unwrap();
        assert_eq!(sent.status(), 204);
        assert_eq!(client.get_ok(path).await["tasks"], json!([]));
        let shown = client.get_ok("/job_architecture/jobs/j1").await["last_updated"].clone();
        assert_eq!(shown != LONG_AGO, is_update, "{setting}: {shown}");
        let since = json!({"filter": "last_updated", "operator": "gt", "value": LONG_AGO});
        let page = client.page("", &json!({"limit": 1, "filters": [since]})).await;
        assert_eq!(page["records"].as_array().unwrap().len(), usize::from(is_update), "{setting}");
    }
}

#[tokio::test]
async fn the_form_of_absent_fields_can_be_set() {
    let body = json!({"limit": 1, "include": ["ai_impact", "source_data", "linked_skills", "weekly_hours"]});
    let absent = client(&[]).await.page("", &body).await["records"][0]["tasks"][2].clone();
    let mut expected = task("c", "suggested");
    expected["linked_skills"] = json!([]);
    assert_eq!(absent, expected);
    let null =
        client(&["missing_member=null", "no_skills=absent"]).await.page("", &body).await["records"]
            [0]["tasks"][2]
            .clone();
    for member in ["ai_impact", "source_data", "linked_skills", "weekly_hours"] {
        assert_eq!(null.get(member), Some(&Value::Null), "{member}");
    }

    for vendor in ["", "?external_vendor=sap_attribute_library"] {
        let tasks = async |settings: &[&str]| {
            client(settings).await.page(vendor, &body).await["records"][0]["tasks"].clone()
        };
        assert_eq!(tasks(&[]).await[1].get("linked_skills"), Some(&json!([])));
        assert_eq!(tasks(&["no_skills=absent"]).await[1].get("linked_skills"), None);
        // The setting also applies to a task that has no linked skills in the data.
        assert_eq!(tasks(&[]).await[2].get("linked_skills"), Some(&json!([])));
        assert_eq!(tasks(&["no_skills=absent"]).await[2].get("linked_skills"), None);
        assert!(tasks(&["no_skills=absent"]).await[0].get("linked_skills").is_some());
    }

    let whole =
        client(&["weekly_hours=whole"]).await.page("", &body).await["records"][0]["tasks"].clone();
    assert_eq!(
        (whole[0]["weekly_hours"].to_string(), whole[1]["weekly_hours"].to_string()),
        ("5".to_owned(), "3".to_owned())
    );
}

#[tokio::test]
async fn the_layout_of_hierarchy_records_can_be_set() {
    let body = json!({"limit": 1});
    let record = async |settings: &[&str]| {
        client(settings).await.page("?response_format=hierarchy", &body).await["records"][0].clone()
    };
    let (a, b) = (
        json!({"task_id": "a", "task": "Do the a work", "validation_state": "validated"}),
        json!({"task_id": "b", "task": "Do the b work", "validation_state": "validated"}),
    );
    let node = |name: &str, level: &str, children: Value| json!([{"name": name, "level": level, "children": children}]);
    let tree = node(
        "Law",
        "domain",
        node(
            "Courts",
            "subdomain",
            node("Cases", "cluster", node("Plead", "canonical_task", json!([a]))),
        ),
    );
    assert_eq!(
        record(&["hierarchy_layout=nodes"]).await,
        json!({"external_id": "j1", "hierarchy": tree, "tasks": [b, task("c", "suggested")]})
    );
    assert_eq!(record(&["unplaced_tasks=omit"]).await.get("tasks"), None);
    assert!(record(&[]).await.get("domains").is_some());
}

#[tokio::test]
async fn a_request_beyond_the_rate_limit_is_429() {
    for (form, expected) in [("seconds", "seconds"), ("date", "date"), ("none", "none")] {
        let options = SandboxOptions {
            data: DataOrigin::Generated { jobs: 1, seed: 1 },
            settings: settings_of(&["rate_limit=3", &format!("retry_after={form}")]),
            clients: vec!["other:secret".parse().unwrap()],
            ..SandboxOptions::default()
        };
        let mut client = Client::of(options).await;
        let other = json!({"client_id": "other", "client_secret": "secret"});
        let tokens = [client.token.clone(), client.new_token(other).await];
        // Even on a slow machine, more than three requests fall into one second.
        let mut turns = tokens.iter().cycle();
        let refused = loop {
            client.token.clone_from(turns.next().unwrap());
            let response = client.request("").json(&json!({"limit": 1})).send().await.unwrap();
            if response.status() != 200 {
                break response;
            }
        };
        let after =
            refused.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let answer = crate::client::read(refused).await;
        assert_eq!(answer.0, 429);
        assert!(descriptions(&answer)[0].contains("3 requests a second"));
        match (expected, after) {
            ("seconds", Some(after)) => assert_eq!(after, "1"),
            ("date", Some(after)) => {
                assert!(httpdate::parse_http_date(&after).unwrap() > SystemTime::now());
            }
            ("none", None) => {}
            (_, after) => panic!("{form}: {after:?}"),
        }
    }
}

#[test]
fn the_defaults_match_the_documented_table() {
    for setting in SETTINGS {
        let mut settings = SandboxSettings::default();
        settings.set(&format!("{}={}", setting.name, setting.default)).unwrap();
        assert_eq!(settings, SandboxSettings::default(), "{}", setting.name);
    }
}

#[test]
fn every_documented_value_is_a_distinct_setting() {
    for setting in SETTINGS {
        let values = setting.values();
        let mut seen: Vec<SandboxSettings> = Vec::new();
        for value in values.split('`').skip(1).step_by(2) {
            let mut settings = SandboxSettings::default();
            settings.set(&format!("{}={value}", setting.name)).unwrap();
            assert!(!seen.contains(&settings), "{}={value} equals another value", setting.name);
            seen.push(settings);
        }
    }
}

#[test]
fn the_error_lists_the_valid_values() {
    let error = |text: &str| SandboxSettings::default().set(text).unwrap_err().to_string();
    assert_eq!(
        error("unkown_cursor=404"),
        "unknown setting `unkown_cursor`; did you mean `unknown_cursor`?"
    );
    assert_eq!(
        error("Missing-Limit=400"),
        "unknown setting `Missing-Limit`; did you mean `missing_limit`?"
    );
    assert_eq!(
        error("unknown_cursor=405"),
        "the setting `unknown_cursor` does not accept `405`; write `404`, `400` or `start`"
    );
    assert_eq!(
        error("unknown_cursor"),
        "`unknown_cursor` does not assign a value; write `name=value`"
    );
    assert!(error("colour=red").contains("the settings are vendors, inactive_vendor"));
    assert!(error("vendors=workday,oracle").contains("a list of `techwolf`"));
    assert!(error("rate_limit=0").contains("a number of requests a second"));
}

#[tokio::test]
async fn rounding_to_whole_hours_loses_no_digit() {
    let hours = [
        ("5", "5"),
        ("2.5", "3"),
        ("2.49", "2"),
        ("0", "0"),
        ("-0", "0"),
        ("0.0", "0"),
        ("0.2", "1"),
        ("1e1", "10"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("12345678901234567890.25", "12345678901234567890"),
        ("null", "null"),
    ];
    let job = |(index, (written, _)): (usize, &(&str, &str))| {
        format!(
            r#"{{"external_id":"j{index}","tasks":[{{"task_id":"t","task":"t","validation_state":"s","weekly_hours":{written}}}]}}"#
        )
    };
    let jobs: Vec<_> = hours.iter().enumerate().map(job).collect();
    let options =
        SandboxOptions { settings: settings_of(&["weekly_hours=whole"]), ..Default::default() };
    let client = Client::serving(&file_with(jobs.join("\n").as_bytes()), options).await;
    let body = json!({"limit": 100, "include": ["weekly_hours"]});
    let text = client.request("").json(&body).send().await.unwrap().text().await.unwrap();
    let shown: Vec<_> = text
        .split("\"weekly_hours\":")
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap())
        .collect();
    assert_eq!(shown, hours.map(|(_, whole)| whole));
}
