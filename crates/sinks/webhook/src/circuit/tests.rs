//! What the circuit promises, with time that passes as fast as the tests want.

use std::sync::atomic::{AtomicU64, Ordering};

use taskferry_sdk::ErrorKind;

use super::*;

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

/// A receiver, and when it was asked: seconds since the test began.
struct Receiver<A> {
    answer: A,
    begun: Instant,
    asked: Mutex<Vec<u64>>,
}

impl<A: Fn(u64) -> Result<(), Failure>> Receiver<A> {
    /// `answer` is told how many seconds have passed.
    fn new(answer: A) -> Self {
        Self { answer, begun: Instant::now(), asked: Mutex::default() }
    }

    async fn take(&self) -> Result<(), Failure> {
        let passed = self.begun.elapsed().as_secs();
        self.asked.lock().unwrap().push(passed);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        (self.answer)(passed)
    }

    async fn asked_by(&self, circuit: &Circuit) -> Result<(), Failure> {
        circuit.send("batch", |_| {}, || self.take()).await
    }

    fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_is_tried_once_a_pause_until_it_is_back() {
    let receiver = Receiver::new(|passed| if passed < 100 { Err(busy()) } else { Ok(()) });
    let circuit = circuit(3, 30, 300);
    receiver.asked_by(&circuit).await.unwrap();
    let asked = receiver.asked();
    // Three attempts with growing waits, which together are less than two seconds; then one each 30 seconds.
    assert!(asked[2] < 2, "{asked:?}");
    assert_eq!(asked.len(), 7, "{asked:?}");
    assert!(asked[3..].windows(2).all(|pair| pair[1] - pair[0] == 30), "{asked:?}");
    receiver.asked_by(&circuit).await.unwrap();
    assert_eq!(receiver.asked().len(), 8, "what follows is not held up");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_stays_down_ends_it_and_nobody_waits_in_vain() {
    let receiver = Receiver::new(|_| Err(busy()));
    let failure = receiver.asked_by(&circuit(2, 60, 150)).await.unwrap_err();
    let text = failure.error.to_string();
    assert_eq!(text, "gave up after 4 failed requests in a row, in 2m: busy");
    assert!(!failure.error.is_temporary());
    assert!(failure.error.hint_text().unwrap().contains("circuit.give_up_after"));
    assert!(receiver.begun.elapsed().as_secs() < 125);
}

#[tokio::test(start_paused = true)]
async fn while_one_tries_all_others_wait_and_share_its_answer() {
    let receiver = Receiver::new(|passed| if passed < 50 { Err(busy()) } else { Ok(()) });
    let circuit = circuit(4, 30, 300);
    let all = futures_util::future::join_all((0..4).map(|_| receiver.asked_by(&circuit))).await;
    assert!(all.iter().all(Result::is_ok));
    let asked = receiver.asked();
    // All four open the circuit; one tries at 30 and at 60; the others follow when it was answered.
    assert_eq!(asked, [0, 0, 0, 0, 30, 60, 60, 60, 60]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_any_kind_is_a_sign_of_life() {
    let count = AtomicU64::new(0);
    let receiver = Receiver::new(|_| match count.fetch_add(1, Ordering::Relaxed) % 3 {
        2 => Err(refused()),
        _ => Err(busy()),
    });
    let circuit = circuit(3, 3600, 7200);
    for _ in 0..5 {
        assert_eq!(receiver.asked_by(&circuit).await.unwrap_err().status, Some(400));
    }
    assert!(receiver.begun.elapsed().as_secs() < 60, "it never opened");
}

#[tokio::test(start_paused = true)]
async fn a_wish_for_silence_holds_everybody() {
    let receiver = Receiver::new(|passed| if passed < 42 { Err(busy_for(42)) } else { Ok(()) });
    let circuit = circuit(9, 30, 300);
    receiver.asked_by(&circuit).await.unwrap();
    assert_eq!(receiver.asked(), [0, 42]);

    let receiver = Receiver::new(|passed| if passed < 42 { Err(busy_for(42)) } else { Ok(()) });
    let (first, second) = tokio::join!(receiver.asked_by(&circuit), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        receiver.asked_by(&circuit).await
    });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(receiver.asked(), [0, 42, 42]);
}

#[tokio::test(start_paused = true)]
async fn a_wish_is_followed_when_the_receiver_is_down_too() {
    let receiver = Receiver::new(|passed| if passed < 90 { Err(busy_for(90)) } else { Ok(()) });
    receiver.asked_by(&circuit(1, 30, 300)).await.unwrap();
    assert_eq!(receiver.asked(), [0, 90]);
}

#[tokio::test(start_paused = true)]
async fn a_wish_beyond_the_limit_ends_it_at_once() {
    let receiver = Receiver::new(|_| Err(busy_for(4000)));
    let failure = receiver.asked_by(&circuit(1, 30, 9000)).await.unwrap_err();
    assert!(failure.error.hint_text().unwrap().contains("4000s"));
    assert_eq!(receiver.asked(), [0]);
}

#[tokio::test(start_paused = true)]
async fn one_request_that_fails_again_and_again_ends_as_the_retry_policy_says() {
    let receiver = Receiver::new(|_| Err(busy()));
    let failure = receiver.asked_by(&circuit(100, 30, 300)).await.unwrap_err();
    assert_eq!(failure.error.to_string(), "gave up after 6 attempts: busy");
}

#[tokio::test(start_paused = true)]
async fn the_time_for_one_request_counts_while_the_receiver_is_down() {
    let receiver = Receiver::new(|_| Err(busy()));
    let retry =
        RetryOptions { max_elapsed: Some(Duration::from_secs(100)), ..RetryOptions::default() };
    let circuit = Circuit::new(options(1, 30, 3600), retry);
    let failure = receiver.asked_by(&circuit).await.unwrap_err();
    assert_eq!(receiver.asked(), [0, 30, 60, 90]);
    assert!(failure.error.hint_text().unwrap().contains("retry.max_elapsed"));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_counted() {
    let receiver = Receiver::new(|passed| if passed < 40 { Err(busy()) } else { Ok(()) });
    let attempts = Mutex::new(Vec::new());
    let count = |repeated| attempts.lock().unwrap().push(repeated);
    circuit(2, 30, 300).send("batch", count, || receiver.take()).await.unwrap();
    let attempts = attempts.lock().unwrap();
    assert_eq!(attempts.len(), receiver.asked().len());
    assert!(!attempts[0] && attempts[1..].iter().all(|repeated| *repeated));
}
