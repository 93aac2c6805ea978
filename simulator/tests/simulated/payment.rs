use serde_json::{Value, json};

use crate::client::{order, start};

#[tokio::test]
async fn only_an_unpaid_payment_can_be_cancelled() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    let reply = simulation
        .api("POST", &format!("/{id}/cancel"), &[], &Value::Null)
        .await;
    assert_eq!(reply.status, 200);
    let payment = simulation.payment(&id).await;
    assert_eq!(reply.json(), payment);
    assert_eq!(payment["latest_status"], "cancelled");
    assert_eq!(payment["payment_status"], "unpaid");
    assert!(payment["payment_cancelled_timestamp"].is_string());
    let again = simulation
        .api("POST", &format!("/{id}/cancel"), &[], &Value::Null)
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (400, "payment_already_cancelled")
    );
    assert_eq!(
        simulation
            .sim("POST", &format!("/payments/{id}/pay"), Value::Null)
            .await
            .status,
        400
    );
    // A bank transfer that was under way is not stopped by it.
    let transfer = json!({"transfer": true});
    let pay = format!("/payments/{id}/pay");
    simulation.post(&pay, transfer.clone()).await;
    let payment = simulation.payment(&id).await;
    assert_eq!(payment["payment_status"], "paid");
    assert_eq!(simulation.sim("POST", &pay, transfer).await.status, 400);

    let id = simulation.created_id().await;
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    let reply = simulation
        .api("POST", &format!("/{id}/cancel"), &[], &Value::Null)
        .await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "payment_already_paid")
    );
    let reply = simulation
        .api("POST", "/unknown/cancel", &[], &Value::Null)
        .await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn partial_refunds_repeat_until_all_is_refunded() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    let refund = async |cents: Value| {
        simulation
            .api(
                "POST",
                &format!("/{id}/refund"),
                &[],
                &json!({ "refund_amount_in_cents": cents }),
            )
            .await
    };
    for bad in [json!(0), json!(2501)] {
        assert_eq!(refund(bad).await.code(), "invalid_refund_amount");
    }
    for bad in [json!(-1), json!(1.5), json!("1"), Value::Null] {
        assert_eq!(refund(bad).await.code(), "invalid_request_body");
    }
    assert_eq!(
        refund(json!(1000)).await.json()["refund_status"],
        "partially_refunded"
    );
    assert_eq!(refund(json!(1501)).await.code(), "invalid_refund_amount");
    let last = refund(json!(1500)).await.json();
    assert_eq!(last["refund_status"], "fully_refunded");
    assert_eq!(last["payment_status"], "paid");
    assert!(last["payment_fully_refunded_timestamp"].is_string());
    assert_eq!(refund(json!(1)).await.code(), "already_fully_refunded");
}

#[tokio::test]
async fn no_refund_while_one_is_pending_or_after_one_failed() {
    let simulation = start(&["--refund-outcome", "pending"]).await;
    let id = simulation.created_id().await;
    let body = json!({ "refund_amount_in_cents": 100 });
    let path = format!("/{id}/refund");
    assert_eq!(
        simulation.api("POST", &path, &[], &body).await.code(),
        "payment_not_paid"
    );
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    assert_eq!(
        simulation.api("POST", &path, &[], &body).await.json()["refund_status"],
        "refund_pending"
    );
    assert_eq!(
        simulation.api("POST", &path, &[], &body).await.code(),
        "refund_pending"
    );
    // Settled, then the next one fails.
    let settled = simulation
        .post(&format!("/payments/{id}/refund"), Value::Null)
        .await;
    assert_eq!(settled["refund_status"], "partially_refunded");
    let failed = simulation
        .post(
            &format!("/payments/{id}/refund"),
            json!({ "outcome": "failed" }),
        )
        .await;
    assert_eq!(failed["refund_status"], "refund_failed");
    assert_eq!(
        simulation.api("POST", &path, &[], &body).await.code(),
        "refund_failed"
    );
}

#[tokio::test]
async fn send_email_takes_an_empty_object_and_answers_nothing() {
    let simulation = start(&[]).await;
    let mut body = order();
    body["payer_email"] = "tan@example.sg".into();
    let id = simulation.create_with(&body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/{id}/send-email");
    for wrong in [json!([]), json!({ "to": "x" }), Value::Null] {
        assert_eq!(
            simulation.api("POST", &path, &[], &wrong).await.code(),
            "invalid_request_body",
            "{wrong}"
        );
    }
    let reply = simulation.api("POST", &path, &[], &json!({})).await;
    assert_eq!(
        (reply.status, reply.body.len(), reply.header("content-type")),
        (200, 0, "")
    );
    let payment = simulation.payment(&id).await;
    assert_eq!(payment["email_delivery_status"], "sent");
    assert!(payment["payment_sent_timestamp"].is_string());
    let without = simulation.created_id().await;
    let reply = simulation
        .api("POST", &format!("/{without}/send-email"), &[], &json!({}))
        .await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "payer_email_missing")
    );
}

#[tokio::test]
async fn paying_through_control_answers_where_the_payer_goes() {
    let simulation = start(&[]).await;
    let mut body = order();
    body["return_url"] = "https://agency.example.sg/return?order=7&x=%20#part".into();
    let payment = simulation.create_with(&body).await.json();
    let (id, service) = (
        payment["id"].as_str().unwrap(),
        payment["payment_service_id"].as_str().unwrap(),
    );
    let paid = simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    let expected = format!(
        "https://agency.example.sg/return?order=7&x=%20&paysg_payment_id={id}&paysg_payment_service_id={service}#part"
    );
    assert_eq!(paid["redirect_url"], expected);
    let payment = simulation.payment(id).await;
    assert_eq!(
        (&payment["payment_status"], &payment["latest_status"]),
        (&json!("paid"), &json!("paid"))
    );
    assert!(payment["payment_succeeded_timestamp"].is_string());
    assert!(
        payment["stripe_payment_intent_id"]
            .as_str()
            .unwrap()
            .starts_with("pi_")
    );
}

#[tokio::test]
async fn a_payment_can_be_shown_otherwise_than_it_is() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    let lie = json!({ "payment_status": "partially_settled", "amount_in_cents": 12.34, "new_field": [1] });
    simulation.post(&format!("/payments/{id}/show"), lie).await;
    let payment = simulation.payment(&id).await;
    assert_eq!(payment["payment_status"], "partially_settled");
    assert_eq!(payment["amount_in_cents"], 12.34);
    simulation
        .post(&format!("/payments/{id}/show"), json!({}))
        .await;
    assert_eq!(simulation.payment(&id).await["payment_status"], "unpaid");
}
