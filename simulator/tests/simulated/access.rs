use paysg_simulator::{DEFAULT_API_KEY, DEFAULT_PAYMENT_SERVICE_ID};
use serde_json::Value;

use crate::client::{send, start};

#[tokio::test]
async fn a_call_without_the_right_key_is_refused_on_every_endpoint() {
    let simulation = start(&[]).await;
    let base = simulation.url(&simulation.payments_path());
    let calls = [
        ("POST", String::new()),
        ("GET", String::new()),
        ("GET", "/x".to_owned()),
        ("POST", "/x/cancel".to_owned()),
        ("POST", "/x/send-email".to_owned()),
        ("POST", "/x/refund".to_owned()),
    ];
    for (method, rest) in calls {
        let missing = send(method, &format!("{base}{rest}"), &[], "")
            .await
            .unwrap();
        assert_eq!(
            (missing.status, missing.code().as_str()),
            (401, "missing_api_key"),
            "{method} {rest}"
        );
        let wrong = send(
            method,
            &format!("{base}{rest}"),
            &[("x-api-key", "paysg_stag_wrong")],
            "",
        )
        .await
        .unwrap();
        assert_eq!(
            (wrong.status, wrong.code().as_str()),
            (401, "invalid_api_key"),
            "{method} {rest}"
        );
        assert_eq!(wrong.json()["error"]["type"], "unauthorized");
        assert!(wrong.json()["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn a_foreign_payment_service_is_forbidden_and_a_malformed_one_unknown() {
    let simulation = start(&[]).await;
    let key = [("x-api-key", DEFAULT_API_KEY)];
    let foreign = simulation
        .url("/v1/payment-services/payment_service_00000000-0000-4000-8000-000000000000/payments");
    let reply = send("GET", &foreign, &key, "").await.unwrap();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (403, "payment_service_forbidden")
    );
    // The prefix is part of the id.
    let bare = DEFAULT_PAYMENT_SERVICE_ID.trim_start_matches("payment_service_");
    let reply = send(
        "GET",
        &simulation.url(&format!("/v1/payment-services/{bare}/payments")),
        &key,
        "",
    )
    .await
    .unwrap();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (404, "payment_service_not_found")
    );
}

#[tokio::test]
async fn a_payment_is_seen_only_by_its_own_service() {
    let other = "payment_service_11111111-1111-4111-8111-111111111111";
    let simulation = start(&[
        "--payment-service-id",
        DEFAULT_PAYMENT_SERVICE_ID,
        "--payment-service-id",
        other,
    ])
    .await;
    let id = simulation.created_id().await;
    assert_eq!(
        simulation
            .api("GET", &format!("/{id}"), &[], &Value::Null)
            .await
            .status,
        200
    );
    for (method, rest, body) in [
        ("GET", "", ""),
        ("POST", "/cancel", ""),
        ("POST", "/send-email", "{}"),
        ("POST", "/refund", "{\"refund_amount_in_cents\":1}"),
    ] {
        let url = simulation.url(&format!("/v1/payment-services/{other}/payments/{id}{rest}"));
        let headers = [
            ("x-api-key", DEFAULT_API_KEY),
            ("content-type", "application/json"),
        ];
        let reply = send(method, &url, &headers, body).await.unwrap();
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "payment_not_found"),
            "{method} {rest}"
        );
    }
    assert_eq!(simulation.payment(&id).await["latest_status"], "unpaid");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_paysgs_shape() {
    let simulation = start(&[]).await;
    for (method, path) in [
        ("GET", "/"),
        ("DELETE", simulation.payments_path().as_str()),
        ("GET", "/_sim/nothing"),
    ] {
        let reply = send(method, &simulation.url(path), &[], "").await.unwrap();
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "route_not_found"),
            "{method} {path}"
        );
    }
}
