use serde_json::{Value, json};

use crate::client::{Reply, Simulation, order, send, start};

async fn get(simulation: &Simulation, path: &str) -> Reply {
    send("GET", &simulation.url(path), &[], "").await.unwrap()
}

async fn press(simulation: &Simulation, id: &str, action: &str) -> Reply {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("method=paynow&action={action}");
    send(
        "POST",
        &simulation.url(&format!("/payments/{id}")),
        &form,
        body,
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn the_page_shows_the_payment_and_nothing_about_the_payer() {
    let simulation = start(&[]).await;
    let mut body = order();
    body["description"] = "Renewal <script>alert('x')</script> {{id}} & more".into();
    body["payer_identifier"] = "S1234567D".into();
    body["payer_email"] = "tan@example.sg".into();
    body["payer_address"] = "1 Some Road".into();
    body["amount_in_cents"] = 123_450.into();
    let id = simulation.create_with(&body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = get(&simulation, &format!("/payments/{id}")).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for shown in [
        "S$1,234.50",
        "LIC-2026-0001",
        "Renewal &lt;script&gt;",
        "Simulation",
        "id=\"pay\"",
        "id=\"fail\"",
        "id=\"leave\"",
    ] {
        assert!(text.contains(shown), "{shown}");
    }
    for hidden in [
        "<script",
        "S1234567D",
        "tan@example.sg",
        "Some Road",
        "Tan Ah Kow",
        "{{",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn pay_sends_the_payer_back_once_paid_even_on_the_second_press() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    let first = press(&simulation, &id, "pay").await;
    assert_eq!(first.status, 303);
    let expected = format!(
        "https://agency.example.sg/return?paysg_payment_id={id}&paysg_payment_service_id={}",
        paysg_simulator::DEFAULT_PAYMENT_SERVICE_ID
    );
    assert_eq!(first.header("location"), expected);
    assert_eq!(simulation.payment(&id).await["payment_status"], "paid");
    let second = press(&simulation, &id, "pay").await;
    assert_eq!(
        (second.status, second.header("location")),
        (303, expected.as_str())
    );
    assert_eq!(simulation.list("/events").await.len(), 1);
    let page = get(&simulation, &format!("/payments/{id}")).await.text();
    assert!(page.contains("id=\"paid\"") && !page.contains("id=\"pay\""));
    assert!(page.contains("Return to agency.example.sg"));
}

#[tokio::test]
async fn failing_and_leaving_change_nothing_and_the_link_stays_valid() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    for (action, mark) in [("fail", "id=\"failed\""), ("leave", "id=\"left\"")] {
        let pressed = press(&simulation, &id, action).await;
        assert_eq!(pressed.status, 303);
        let page = get(&simulation, pressed.header("location")).await;
        assert!(page.text().contains(mark));
        assert_eq!(simulation.payment(&id).await["latest_status"], "unpaid");
    }
    assert!(simulation.list("/events").await.is_empty());
    simulation
        .post("/clock", json!({ "advance_ms": 30_i64 * 86_400_000 }))
        .await;
    assert_eq!(press(&simulation, &id, "pay").await.status, 303);
    assert_eq!(simulation.payment(&id).await["payment_status"], "paid");
}

#[tokio::test]
async fn a_cancelled_payment_cannot_be_paid() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    simulation
        .api("POST", &format!("/{id}/cancel"), &[], &Value::Null)
        .await;
    let pressed = press(&simulation, &id, "pay").await;
    assert_eq!(
        (pressed.status, pressed.header("location")),
        (303, format!("/payments/{id}").as_str())
    );
    assert!(
        get(&simulation, &format!("/payments/{id}"))
            .await
            .text()
            .contains("id=\"cancelled\"")
    );
    assert_eq!(simulation.payment(&id).await["payment_status"], "unpaid");
}

#[tokio::test]
async fn without_a_return_url_the_payer_sees_that_it_is_paid() {
    let simulation = start(&[]).await;
    let mut body = order();
    body.as_object_mut().unwrap().remove("return_url");
    let id = simulation.create_with(&body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        press(&simulation, &id, "pay").await.header("location"),
        format!("/payments/{id}")
    );
}

#[tokio::test]
async fn the_code_is_a_picture_and_unknown_payments_are_not_found() {
    let simulation = start(&[]).await;
    let payment = simulation.created().await;
    let qr = send(
        "GET",
        payment["payment_qr_code_url"].as_str().unwrap(),
        &[],
        "",
    )
    .await
    .unwrap();
    assert_eq!(qr.header("content-type"), "image/svg+xml");
    assert!(qr.text().contains("<svg"));
    for path in ["/payments/unknown", "/payments/unknown/qr.svg"] {
        assert_eq!(get(&simulation, path).await.status, 404);
    }
    assert_eq!(press(&simulation, "unknown", "pay").await.status, 404);
    assert_eq!(press(&simulation, "unknown", "fail").await.status, 404);
}

#[tokio::test]
async fn the_public_origin_is_that_of_payment_urls() {
    let simulation = start(&["--public-origin", "https://pay.test.example/"]).await;
    let paths = format!(
        "{}/v1/payment-services/{}/payments",
        "",
        paysg_simulator::DEFAULT_PAYMENT_SERVICE_ID
    );
    let url = format!("http://{}{paths}", simulation.running.address);
    let headers = [
        ("x-api-key", paysg_simulator::DEFAULT_API_KEY),
        ("content-type", "application/json"),
    ];
    let payment = send("POST", &url, &headers, order().to_string())
        .await
        .unwrap()
        .json();
    assert_eq!(
        payment["payment_url"],
        format!(
            "https://pay.test.example/payments/{}",
            payment["id"].as_str().unwrap()
        )
    );
}
