//! The receiver for pipelines that post.

use crate::client::Client;

#[tokio::test]
async fn a_batch_is_taken_without_a_token() {
    let client = Client::generated(3).await;
    let post = |body: &'static str, kind: &'static str| {
        let request = client.http.post(client.sandbox.webhook_url()).body(body);
        request.header("content-type", kind).header("idempotency-key", "k1").send()
    };
    assert_eq!(post("[{\"a\": 1}, {\"a\": 2}]", "application/json").await.unwrap().status(), 204);
    assert_eq!(post("{\"a\": 1}", "application/json").await.unwrap().status(), 204);
    for wrong in ["[{\"a\": ", "[1] 2", "{\"a\": 1} x", ""] {
        assert_eq!(post(wrong, "application/json").await.unwrap().status(), 400, "{wrong}");
    }
    assert_eq!(post("[]", "text/plain").await.unwrap().status(), 415);
    assert_eq!(reqwest::get(client.sandbox.webhook_url()).await.unwrap().status(), 405);
}
