use serde_json::Value;

use crate::client::{Simulation, start};

async fn page(simulation: &Simulation, query: &str) -> Value {
    let reply = simulation.api("GET", query, &[], &Value::Null).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.json()
}

fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_and_back() {
    let simulation = start(&[]).await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(simulation.created().await);
    }
    // created_at, then id, both in reverse.
    made.sort_by_key(|payment| {
        (
            payment["created_at"].to_string(),
            payment["id"].as_str().unwrap().to_owned(),
        )
    });
    let expected: Vec<String> = made
        .iter()
        .rev()
        .map(|payment| payment["id"].as_str().unwrap().to_owned())
        .collect();

    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = page(&simulation, &query).await;
        seen.extend(ids(&page));
        assert_eq!(page["page_info"]["has_previous_page"], !pages.is_empty());
        query = format!(
            "?limit=3&after={}",
            page["page_info"]["end_cursor"].as_str().unwrap()
        );
        let more = page["page_info"]["has_next_page"].as_bool().unwrap();
        pages.push(page);
        if !more {
            break;
        }
    }
    assert_eq!(seen, expected);
    assert_eq!(pages.len(), 3);
    let cursor = pages[2]["page_info"]["start_cursor"].as_str().unwrap();
    let back = page(&simulation, &format!("?limit=3&before={cursor}")).await;
    assert_eq!(ids(&back), ids(&pages[1]));
    assert_eq!(back["page_info"]["has_next_page"], true);
}

#[tokio::test]
async fn an_empty_list_has_no_cursors() {
    let simulation = start(&[]).await;
    let empty = page(&simulation, "").await;
    assert_eq!(empty["data"], Value::Array(Vec::new()));
    assert!(
        empty["page_info"]["start_cursor"].is_null() && empty["page_info"]["end_cursor"].is_null()
    );
    assert_eq!(empty["page_info"]["has_next_page"], false);
}

#[tokio::test]
async fn a_newcomer_does_not_shift_the_pages_behind_a_cursor() {
    let simulation = start(&[]).await;
    for _ in 0..4 {
        simulation.created().await;
    }
    let first = page(&simulation, "?limit=2").await;
    let cursor = first["page_info"]["end_cursor"].as_str().unwrap();
    let before = page(&simulation, &format!("?limit=2&after={cursor}")).await;
    simulation.created().await;
    let after = page(&simulation, &format!("?limit=2&after={cursor}")).await;
    assert_eq!(ids(&before), ids(&after));
}

#[tokio::test]
async fn wrong_queries_are_refused() {
    let simulation = start(&[]).await;
    for (query, code) in [
        ("?limit=0", "invalid_limit"),
        ("?limit=101", "invalid_limit"),
        ("?limit=x", "invalid_limit"),
        ("?after=x", "invalid_cursor"),
        ("?before=YQ", "invalid_cursor"),
        ("?after=x&before=y", "invalid_query"),
        ("?page=2", "invalid_query"),
        ("?limit=1&limit=2", "invalid_query"),
    ] {
        let reply = simulation.api("GET", query, &[], &Value::Null).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, code),
            "{query}"
        );
    }
}
