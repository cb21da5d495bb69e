//! The files in `examples/deploy`: each starts a run, and restarts it only if that helps. The tests interpret them
//! like cron, systemd and Kubernetes.

mod kubernetes;
mod systemd;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use taskferry_testkit::{Context, Outcome, Response, Tenant, page, project_file};

use crate::documentation::exit_codes_that_resume;
use crate::sandbox::SANDBOX_LINE;
use kubernetes::{JobSpec, list, string, yaml};
use systemd::Unit;

const UNIT: &str = "taskferry-nightly.service";

/// Folders of a machine, which the tests relocate below their own folder.
const FOLDERS: [&str; 4] = ["/etc/taskferry", "/run/credentials", "/var/lib/taskferry", "/data"];

/// A machine, below the folder of the test.
pub(crate) struct Machine(Context);

/// A process started by a supervisor.
pub(crate) struct Job {
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: String,
    pub(crate) environment: Vec<(String, String)>,
}

impl Machine {
    fn new() -> Self {
        Self(Context::new())
    }

    /// The files that an administrator installs for systemd and cron, without the secret.
    fn install(&self) {
        self.write("/etc/taskferry/nightly.toml", &text("nightly.toml"));
        self.write("/etc/taskferry/nightly.env", &text("nightly.env"));
    }

    /// The text with all paths of the machine relocated below the test folder.
    fn relocated(&self, text: &str) -> String {
        FOLDERS.iter().fold(text.to_owned(), |text, folder| {
            let below = self.0.path(folder.trim_start_matches('/'));
            text.replace(folder, below.to_str().unwrap())
        })
    }

    fn create_folder(&self, path: &str) {
        fs::create_dir_all(self.relocated(path)).unwrap();
    }

    fn write(&self, path: &str, text: &str) {
        self.0.write(path.trim_start_matches('/'), &self.relocated(text));
    }

    fn read(&self, path: &str) -> String {
        self.0.read(path.trim_start_matches('/'))
    }

    /// The names in a folder.
    fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.relocated(path)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The variables of an environment file.
    fn variables(&self, path: &str) -> Vec<(String, String)> {
        assignments(&self.read(path))
    }

    /// Runs a job once against this tenant instead of the tenant of the example.
    fn run(&mut self, job: &Job, tenant_url: &str) -> Outcome {
        for (name, value) in &job.environment {
            self.0.set(name, value);
        }
        self.0.set("TECHWOLF_URL", tenant_url);
        if !tenant_url.starts_with("sandbox:") {
            self.0.set("TECHWOLF_TOKEN_URL", format!("{tenant_url}/oauth/token"));
        }
        let enter = format!("cd {}", self.relocated(&job.folder));
        let arguments: Vec<String> = job.arguments.iter().map(|it| self.relocated(it)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.0.taskferry_after(&enter, &arguments)
    }

    /// Runs a job against the sandbox: it completes, prints only the expected lines, and writes one file.
    fn completes(&mut self, job: &Job) {
        let ended = self.run(job, "sandbox:?jobs=20").with_code(0);
        if job.arguments.iter().any(|argument| argument == "json") {
            let levels: Vec<Value> = ended.log().iter().map(|line| line["level"].clone()).collect();
            assert_eq!(levels, ["WARN", "INFO"], "the sandbox and the summary");
        } else {
            assert_eq!(ended.stderr, SANDBOX_LINE);
        }
        assert_eq!(self.list(&format!("{}/out", job.folder)).len(), 1);
        assert_eq!(self.list(&format!("{}/state", job.folder)), ["nightly"]);
    }

    /// The exit codes of all attempts at a job; `restarts` decides whether another one follows.
    fn attempts(&mut self, job: &Job, tenant: &Tenant, restarts: impl Fn(i32) -> bool) -> Vec<i32> {
        let mut codes = Vec::new();
        while codes.len() < 5 && codes.last().is_none_or(|code| restarts(*code)) {
            codes.push(self.run(job, tenant.url()).code.unwrap());
        }
        codes
    }
}

/// A tenant with two pages of one job each. It sends the second page while `pages` is greater than 1. If `refuses` is true, it
/// refuses the first request for this page.
fn tenant(refuses: bool) -> (Arc<AtomicUsize>, Tenant) {
    let pages = Arc::new(AtomicUsize::new(usize::MAX));
    let (answered, mut refuses) = (Arc::clone(&pages), refuses);
    let tenant = Tenant::start(move |request| {
        let second = request.body.contains("c1");
        if usize::from(second) + 1 > answered.load(Ordering::SeqCst) {
            return Response::new(200, "").never_finished();
        }
        if second && std::mem::take(&mut refuses) {
            return Response::new(403, "[]");
        }
        page(&[if second { "b" } else { "a" }], (!second).then_some("c1"))
    });
    (pages, tenant)
}

fn text(name: &str) -> String {
    let path = Path::new(&project_file("examples/deploy")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines `NAME=VALUE` of an environment file.
fn assignments(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn unit() -> Unit {
    Unit::parse(&text(&format!("systemd/{UNIT}")))
}

/// The command of the crontab, after the five fields and the user.
fn crontab_command(machine: &Machine) -> String {
    let crontab = text("cron/taskferry-nightly");
    let line = crontab.lines().find(|line| line.contains("taskferry run")).unwrap();
    assert!(!line.contains('%'), "cron replaces it with a line break");
    let command = machine.relocated(line.splitn(7, ' ').last().unwrap());
    command.replace("/usr/local/bin/taskferry", "\"$TASKFERRY\"")
}

/// Creates the folders for cron, the secret, and an environment file with this address.
fn prepare_for_cron(machine: &Machine, tenant_url: &str) {
    machine.install();
    machine.write("/etc/taskferry/secrets/client_secret", "secret\n");
    machine.create_folder("/var/lib/taskferry/nightly");
    machine.create_folder("/var/lib/taskferry/metrics");
    let lines = assignments(&text("nightly.env")).into_iter().map(|(name, value)| {
        let value = if name == "TECHWOLF_URL" { tenant_url.to_owned() } else { value };
        format!("{name}={value}\n")
    });
    let token_url = format!("TECHWOLF_TOKEN_URL={tenant_url}/oauth/token\n");
    machine.write("/etc/taskferry/nightly.env", &(lines.collect::<String>() + &token_url));
}

#[test]
fn the_unit_starts_a_run() {
    let mut machine = Machine::new();
    let job = unit().start(&machine, UNIT);
    machine.completes(&job);
    let figures = machine.read("/var/lib/taskferry/metrics/nightly.prom");
    assert!(figures.contains("taskferry_source_records{pipeline=\"nightly\""), "{figures}");
}

#[test]
fn the_crontab_starts_a_run() {
    let machine = Machine::new();
    prepare_for_cron(&machine, "sandbox:?jobs=20");
    let ended = machine.0.script(&crontab_command(&machine)).with_code(0);
    assert_eq!(ended.stderr, SANDBOX_LINE);
    assert_eq!(machine.list("/var/lib/taskferry/nightly/out").len(), 1);
    let figures = machine.read("/var/lib/taskferry/metrics/nightly.prom");
    assert!(figures.contains("\ntaskferry_run_resumable{pipeline=\"nightly\"} 0\n"));
}

#[test]
fn the_crontab_resumes_after_kill_9_until_the_run_is_complete() {
    let mut machine = Machine::new();
    let (pages, tenant) = tenant(false);
    prepare_for_cron(&machine, tenant.url());
    let command = crontab_command(&machine);
    let run = |context: &Context| context.script(&command).with_code(0);

    // The second page never arrives, and the run is killed while it waits.
    pages.store(1, Ordering::SeqCst);
    let running = machine.0.start_script(&command);
    tenant.wait_for_requests(3);
    let checkpoint = machine.relocated("/var/lib/taskferry/nightly/state/nightly/checkpoint.json");
    while !fs::read_to_string(&checkpoint).is_ok_and(|text| text.contains("\"pages\": 1")) {
        std::thread::yield_now();
    }
    drop(running);
    assert!(!machine.0.path("var/lib/taskferry/metrics/nightly.prom").exists());

    pages.store(usize::MAX, Ordering::SeqCst);
    let before = tenant.requests().len();
    run(&machine.0);
    let requests = tenant.requests();
    let exports = requests[before..].iter().filter(|request| request.target != "/oauth/token");
    let cursors: Vec<bool> = exports.map(|request| request.body.contains("c1")).collect();
    assert_eq!(cursors, [true], "it requests only the second page");
    assert_eq!(machine.list("/var/lib/taskferry/nightly/out").len(), 1);

    assert_eq!(run(&machine.0).stderr, "");
    assert_eq!(tenant.requests().len(), requests.len(), "a complete run is not repeated");
    machine.0.set("TASKFERRY_STATE__RESUME_WITHIN", "0s");
    run(&machine.0);
    assert!(tenant.requests().len() > requests.len(), "the next night is another run");
}

#[test]
fn all_attempts_of_one_night_belong_to_one_run() {
    let crontab = text("cron/taskferry-nightly");
    let line = crontab.lines().find(|line| line.contains("taskferry run")).unwrap();
    let (first, last) = line.split(' ').nth(1).unwrap().split_once('-').unwrap();
    let hours = last.parse::<u64>().unwrap() + 1 - first.parse::<u64>().unwrap();
    let pipeline = text("nightly.toml");
    let (_, resume_within) = pipeline.split_once("resume_within = \"").unwrap();
    let resume_within: u64 = resume_within.split_once("h\"").unwrap().0.parse().unwrap();
    assert!(hours <= resume_within && resume_within < 24 - hours, "{hours} {resume_within}");
    let deadline = JobSpec::read("kubernetes/cronjob.yaml").0["activeDeadlineSeconds"].as_u64();
    assert!(deadline.unwrap() <= resume_within * 3600);
    let unit = unit();
    let restarts = unit.value("StartLimitBurst").parse::<u64>().unwrap() - 1;
    assert!(restarts * unit.seconds("RestartSec") < unit.seconds("StartLimitIntervalSec"));
    assert!(unit.seconds("StartLimitIntervalSec") <= resume_within * 3600);
}

#[test]
fn the_cron_job_starts_a_run() {
    let mut machine = Machine::new();
    let job = JobSpec::read("kubernetes/cronjob.yaml").start(&machine, &[]);
    machine.completes(&job);
}

#[test]
fn the_indexed_job_exports_all_shards_and_they_merge() {
    let mut machine = Machine::new();
    // An earlier complete export stores the cursors in the state folder of the same volume.
    let whole = JobSpec::read("kubernetes/cronjob.yaml").start(&machine, &[]);
    machine.completes(&whole);
    let shards = JobSpec::read("kubernetes/indexed-job.yaml");
    assert_eq!(
        shards.0["completionMode"], "Indexed",
        "otherwise, `JOB_COMPLETION_INDEX` is not set"
    );
    assert_eq!(shards.0["completions"], shards.0["parallelism"]);
    for index in 0..shards.0["completions"].as_u64().unwrap() {
        let job = shards.start(&machine, &[("JOB_COMPLETION_INDEX", index.to_string())]);
        machine.run(&job, "sandbox:?jobs=20").with_code(0);
    }
    let merge = JobSpec::read("kubernetes/merge-job.yaml");
    let folder = string(&merge.container()["workingDir"]).to_owned();
    let job = Job { arguments: merge.arguments(&[]), folder, environment: Vec::new() };
    machine.run(&job, "sandbox:").with_code(0);
    let merged: Value = serde_json::from_str(&machine.read("/data/manifests/all.json")).unwrap();
    assert_eq!(merged["source"]["records"], 20);
}

#[test]
fn a_failed_run_is_restarted_and_resumes() {
    let (unit, cron_job) = (unit(), JobSpec::read("kubernetes/cronjob.yaml"));
    let mut machine = Machine::new();
    let (_, refusing) = tenant(true);
    let job = unit.start(&machine, UNIT);
    assert_eq!(machine.attempts(&job, &refusing, |code| unit.restarts_after(code)), [3, 0]);
    let mut machine = Machine::new();
    let (_, refusing) = tenant(true);
    let job = cron_job.start(&machine, &[]);
    assert_eq!(machine.attempts(&job, &refusing, |code| cron_job.retries_after(code)), [3, 0]);
    let exports = refusing.requests().into_iter().filter(|request| request.method == "POST");
    let cursors: Vec<bool> = exports
        .filter(|request| request.target != "/oauth/token")
        .map(|request| request.body.contains("c1"))
        .collect();
    assert_eq!(cursors, [false, true, true], "the second attempt starts at the second page");
}

#[test]
fn an_export_that_violates_expectations_is_not_repeated() {
    let empty = Tenant::with_pages([page(&[], None)]);
    let (unit, cron_job) = (unit(), JobSpec::read("kubernetes/cronjob.yaml"));
    let mut machine = Machine::new();
    let job = unit.start(&machine, UNIT);
    assert_eq!(machine.attempts(&job, &empty, |code| unit.restarts_after(code)), [8]);
    let mut machine = Machine::new();
    let job = cron_job.start(&machine, &[]);
    assert_eq!(machine.attempts(&job, &empty, |code| cron_job.retries_after(code)), [8]);
}

#[test]
fn a_run_is_restarted_after_the_documented_resumable_exit_codes() {
    let resumable = exit_codes_that_resume();
    assert!(resumable.contains(&3) && !resumable.contains(&0), "{resumable:?}");
    let unit = unit();
    let jobs = ["kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"].map(JobSpec::read);
    let is_killed = |code: i32| code == 128 + 9;
    for code in [0, 1, 2, 3, 4, 5, 6, 8, 130, 137, 143] {
        let resumes = resumable.contains(&code) || is_killed(code);
        for job in &jobs {
            assert_eq!(job.retries_after(code), resumes, "Kubernetes: {code}");
        }
        // systemd sends SIGTERM to stop the service.
        assert_eq!(unit.restarts_after(code), resumes && code != 143, "systemd: {code}");
    }
    // Another run is active: Kubernetes waits for it, and systemd does not restart.
    assert!(jobs.iter().all(|job| job.retries_after(7)) && !unit.restarts_after(7));
}

#[test]
fn the_stop_timeout_exceeds_the_shutdown_time_of_a_run() {
    // The time to deliver the records, to clean up, and to wait for a silent collector.
    let longest = 10 + 5 + 5;
    assert!(unit().seconds("TimeoutStopSec") > longest);
    for name in ["kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"] {
        let grace = JobSpec::read(name).pod()["terminationGracePeriodSeconds"].as_u64();
        assert!(grace.unwrap() > longest, "{name}");
    }
}

#[test]
fn the_kustomization_is_complete() {
    let kustomization = yaml("kustomization.yaml");
    let resources: Vec<&str> = list(&kustomization["resources"]).iter().map(string).collect();
    let kinds: Vec<Value> = resources.iter().map(|name| yaml(name)["kind"].clone()).collect();
    assert_eq!(kinds, ["CronJob", "PersistentVolumeClaim"]);
    // Jobs applied without the kustomization refer to its names and its image.
    assert_eq!(kustomization["generatorOptions"]["disableNameSuffixHash"], true);
    let [image] = list(&kustomization["images"]) else { panic!("one image") };
    let name = format!("{}:{}", string(&image["newName"]), string(&image["newTag"]));
    let claim = &yaml("kubernetes/volume.yaml")["metadata"]["name"];
    for job in ["cronjob", "indexed-job", "merge-job"] {
        let spec = JobSpec::read(&format!("kubernetes/{job}.yaml"));
        let used = string(&spec.container()["image"]);
        if job == "cronjob" {
            assert_eq!(used.split_once(':').unwrap().0, string(&image["name"]));
        } else {
            assert_eq!(used, name, "{job}");
        }
        let volumes = list(&spec.pod()["volumes"]).iter();
        let claims: Vec<&Value> = volumes
            .map(|it| &it["persistentVolumeClaim"]["claimName"])
            .filter(|it| !it.is_null())
            .collect();
        assert_eq!(claims, [claim], "{job}");
    }
}

#[test]
fn the_image_is_built_from_existing_files() {
    let ignored = text("docker/Dockerfile.dockerignore");
    for kept in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(Path::new(&project_file(kept)).exists(), "{kept}");
    }
}
