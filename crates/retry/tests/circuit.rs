//! Behavior of the circuit breaker, with a paused clock.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use taskferry_retry::{Circuit, CircuitOptions, Failure, RetryOptions};
use taskferry_sdk::{Duration, ErrorKind, StageError};
use tokio::time::Instant;

fn busy() -> Failure {
    let error = StageError::new(ErrorKind::Unavailable, "busy").temporary();
    Failure { status: Some(503), error }
}

fn busy_for(seconds: u64) -> Failure {
    let Failure { status, error } = busy();
    Failure { status, error: error.retry_after(std::time::Duration::from_secs(seconds)) }
}

fn refused() -> Failure {
    Failure { status: Some(400), error: StageError::new(ErrorKind::Refused, "no") }
}

fn options(failures: u32, cool_down: u64, give_up_after: u64) -> CircuitOptions {
    CircuitOptions {
        failures: failures.try_into().unwrap(),
        cool_down: Duration::from_secs(cool_down),
        give_up_after: Duration::from_secs(give_up_after),
    }
}

fn circuit(failures: u32, cool_down: u64, give_up_after: u64) -> Circuit {
    Circuit::new(options(failures, cool_down, give_up_after), RetryOptions::default())
}

/// A receiver, and the times of all attempts in seconds since the start of the test.
struct Receiver<A> {
    answer: A,
    begun: Instant,
    attempts: Mutex<Vec<u64>>,
}

impl<A: Fn(u64) -> Result<(), Failure>> Receiver<A> {
    /// `answer` receives the seconds since the start.
    fn new(answer: A) -> Self {
        Self { answer, begun: Instant::now(), attempts: Mutex::default() }
    }

    async fn attempt(&self) -> Result<(), Failure> {
        let passed = self.begun.elapsed().as_secs();
        self.attempts.lock().unwrap().push(passed);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        (self.answer)(passed)
    }

    async fn send_through(&self, circuit: &Circuit) -> Result<(), Failure> {
        circuit.send("batch", |_| {}, || self.attempt()).await
    }

    fn attempts(&self) -> Vec<u64> {
        self.attempts.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_receiver_gets_one_probe_after_each_pause() {
    let receiver = Receiver::new(|passed| if passed < 100 { Err(busy()) } else { Ok(()) });
    let circuit = circuit(3, 30, 300);
    receiver.send_through(&circuit).await.unwrap();
    let attempts = receiver.attempts();
    // Three attempts with growing delays of less than two seconds in total; then one every 30 seconds.
    assert!(attempts[2] < 2, "{attempts:?}");
    assert_eq!(attempts.len(), 7, "{attempts:?}");
    assert!(attempts[3..].windows(2).all(|pair| pair[1] - pair[0] == 30), "{attempts:?}");
    receiver.send_through(&circuit).await.unwrap();
    assert_eq!(receiver.attempts().len(), 8, "a later request does not wait");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_stays_unavailable_ends_all_requests() {
    let receiver = Receiver::new(|_| Err(busy()));
    let failure = receiver.send_through(&circuit(2, 60, 150)).await.unwrap_err();
    let text = failure.error.to_string();
    assert_eq!(text, "gave up after 4 failed requests in a row within 2m: busy");
    assert!(!failure.error.is_temporary());
    assert!(failure.error.hint_text().unwrap().contains("circuit.give_up_after"));
    assert!(receiver.begun.elapsed().as_secs() < 125);
}

#[tokio::test(start_paused = true)]
async fn all_requests_wait_for_the_probe() {
    let receiver = Receiver::new(|passed| if passed < 50 { Err(busy()) } else { Ok(()) });
    let circuit = circuit(4, 30, 300);
    let send = || receiver.send_through(&circuit);
    let all = tokio::join!(send(), send(), send(), send());
    assert!([all.0, all.1, all.2, all.3].iter().all(Result::is_ok));
    let attempts = receiver.attempts();
    // All four open the circuit; one probes at 30 and at 60; the others follow after its response.
    assert_eq!(attempts, [0, 0, 0, 0, 30, 60, 60, 60, 60]);
}

#[tokio::test(start_paused = true)]
async fn any_answer_resets_the_count_of_failures() {
    let count = AtomicU64::new(0);
    let receiver = Receiver::new(|_| match count.fetch_add(1, Ordering::Relaxed) % 3 {
        2 => Err(refused()),
        _ => Err(busy()),
    });
    let circuit = circuit(3, 3600, 7200);
    for _ in 0..5 {
        assert_eq!(receiver.send_through(&circuit).await.unwrap_err().status, Some(400));
    }
    assert!(receiver.begun.elapsed().as_secs() < 60, "the circuit never opened");
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_all_requests() {
    let receiver = Receiver::new(|passed| if passed < 42 { Err(busy_for(42)) } else { Ok(()) });
    let circuit = circuit(9, 30, 300);
    receiver.send_through(&circuit).await.unwrap();
    assert_eq!(receiver.attempts(), [0, 42]);

    let receiver = Receiver::new(|passed| if passed < 42 { Err(busy_for(42)) } else { Ok(()) });
    let (first, second) = tokio::join!(receiver.send_through(&circuit), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        receiver.send_through(&circuit).await
    });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(receiver.attempts(), [0, 42, 42]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_the_probe() {
    let receiver = Receiver::new(|passed| if passed < 90 { Err(busy_for(90)) } else { Ok(()) });
    receiver.send_through(&circuit(1, 30, 300)).await.unwrap();
    assert_eq!(receiver.attempts(), [0, 90]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_limit_ends_the_request() {
    let receiver = Receiver::new(|_| Err(busy_for(4000)));
    let failure = receiver.send_through(&circuit(1, 30, 9000)).await.unwrap_err();
    assert!(failure.error.hint_text().unwrap().contains("4000s"));
    assert_eq!(receiver.attempts(), [0]);
}

#[tokio::test(start_paused = true)]
async fn the_retry_policy_limits_the_attempts_of_one_request() {
    let receiver = Receiver::new(|_| Err(busy()));
    let failure = receiver.send_through(&circuit(100, 30, 300)).await.unwrap_err();
    assert_eq!(failure.error.to_string(), "gave up after 6 attempts: busy");
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_of_a_request_applies_while_the_circuit_is_open() {
    let receiver = Receiver::new(|_| Err(busy()));
    let retry =
        RetryOptions { max_elapsed: Some(Duration::from_secs(100)), ..RetryOptions::default() };
    let circuit = Circuit::new(options(1, 30, 3600), retry);
    let failure = receiver.send_through(&circuit).await.unwrap_err();
    assert_eq!(receiver.attempts(), [0, 30, 60, 90]);
    assert!(failure.error.hint_text().unwrap().contains("retry.max_elapsed"));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_counted() {
    let receiver = Receiver::new(|passed| if passed < 40 { Err(busy()) } else { Ok(()) });
    let attempts = Mutex::new(Vec::new());
    let count = |repeated| attempts.lock().unwrap().push(repeated);
    circuit(2, 30, 300).send("batch", count, || receiver.attempt()).await.unwrap();
    let attempts = attempts.lock().unwrap();
    assert_eq!(attempts.len(), receiver.attempts().len());
    assert!(!attempts[0] && attempts[1..].iter().all(|repeated| *repeated));
}
