//! The subset of systemd units that the examples use.

use super::{Job, Machine, text};

/// The entries of a unit file, in order.
pub(crate) struct Unit(Vec<(String, String)>);

impl Unit {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with(['#', ';', '[']));
        let entries = lines.filter_map(|line| line.split_once('='));
        Self(entries.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// The only value of a key.
    pub(crate) fn value(&self, key: &str) -> &str {
        let mut values = self.0.iter().filter(|(known, _)| known == key);
        let (Some((_, value)), None) = (values.next(), values.next()) else {
            panic!("one `{key}` in the unit")
        };
        value
    }

    fn codes(&self, key: &str) -> Vec<i32> {
        self.value(key).split(' ').map(|code| code.parse().unwrap()).collect()
    }

    /// The seconds of a time span with one unit.
    pub(crate) fn seconds(&self, key: &str) -> u64 {
        let value = self.value(key);
        let digits = value.trim_end_matches(char::is_alphabetic);
        let unit = match &value[digits.len()..] {
            "" | "s" => 1,
            "min" => 60,
            "h" => 3600,
            other => panic!("{other}"),
        };
        digits.parse::<u64>().unwrap() * unit
    }

    /// Whether systemd starts the service again after this exit code, or after the signal of `128 + signal`.
    pub(crate) fn restarts_after(&self, code: i32) -> bool {
        assert_eq!(self.value("Restart"), "on-failure");
        let is_success = code == 0 || self.codes("SuccessExitStatus").contains(&code);
        !is_success && !self.codes("RestartPreventExitStatus").contains(&code)
    }

    /// The service, after creating its folders and credentials like systemd.
    pub(crate) fn start(&self, machine: &Machine, name: &str) -> Job {
        for folder in self.value("StateDirectory").split(' ') {
            machine.create_folder(&format!("/var/lib/{folder}"));
        }
        machine.install();
        machine.write("/etc/taskferry/credentials.toml", &text("systemd/credentials.toml"));
        // Only systemd can read the file that the credential comes from.
        let (credential, _) = self.value("LoadCredential").split_once(':').unwrap();
        machine.write(&format!("/run/credentials/{name}/{credential}"), "secret\n");
        let command = self.value("ExecStart").strip_prefix("/usr/local/bin/taskferry ").unwrap();
        Job {
            arguments: command.split(' ').map(str::to_owned).collect(),
            folder: self.value("WorkingDirectory").to_owned(),
            environment: machine.variables(self.value("EnvironmentFile")),
        }
    }
}
