//! `/docs` as a browser shows it.

use affiliate_tests::browser::Page;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

const TEXT: &str = "document.getElementById('content').innerText";

/// Opens the page and waits for what its script builds.
async fn open(shop: &Shop) -> Page {
    let mut page = Page::open(&format!("{}/docs", shop.gateway.base_url())).await;
    page.until("document.querySelectorAll('section.schema').length > 0")
        .await;
    page
}

fn count(value: &Value) -> usize {
    value.as_object().map_or(0, serde_json::Map::len)
}

#[tokio::test]
async fn it_shows_the_whole_document_and_asks_nobody_else() {
    let shop = Shop::open(Profile::Portable).await;
    let document = shop.project.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().expect("paths");
    let operations: usize = paths.values().map(count).sum();
    let schemas = count(&document["components"]["schemas"]);
    assert!(operations > 40 && schemas > 20, "{operations}, {schemas}");

    let mut page = open(&shop).await;
    for (selector, expected) in [
        ("section.operation", operations),
        ("section.schema", schemas),
        ("#index li", operations + schemas),
    ] {
        let counted = format!("document.querySelectorAll(\"{selector}\").length");
        let shown = page.evaluate(&counted).await;
        assert_eq!(shown, expected, "{selector}");
    }
    // Every link leads somewhere.
    let lost = page
        .evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.getAttribute('href').slice(1)).filter((id) => !document.getElementById(id))")
        .await;
    assert_eq!(lost, json!([]));
    let text = page.evaluate(TEXT).await;
    let text = text.as_str().expect("a text");
    for words in [
        "GET /api/v1/affiliates/{email}",
        "Create a new affiliate",
        "API key scope: write (not with a token)",
        "MCP tool: list_conversions",
        "Authorization: Bearer $API_KEY",
    ] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    let host = format!("{}/", shop.gateway.base_url());
    let requests = page.requests();
    assert!(requests.len() >= 5, "{requests:?}");
    for url in requests {
        assert!(url.starts_with(&host) || url == "data:,", "{url}");
    }
    assert_eq!(page.complaints(), Vec::<String>::new());
    shop.close().await;
}

#[tokio::test]
async fn it_can_be_searched_and_used() {
    let shop = Shop::open(Profile::Portable).await;
    let mut page = open(&shop).await;
    let entries =
        "[...document.querySelectorAll('#index li')].filter((entry) => !entry.hidden).length";
    let all = page.evaluate(entries).await;
    let search = "const field = document.getElementById('filter'); field.value = 'COUPON'; \
                  field.dispatchEvent(new Event('input')); document.getElementById('announcement').textContent";
    let announced = page.evaluate(search).await;
    let found = page.evaluate(entries).await;
    assert!(
        found.as_u64() >= Some(5) && found.as_u64() < all.as_u64(),
        "{found} of {all}"
    );
    assert_eq!(announced, format!("{found} entries"));
    let themes = "(() => { const button = document.getElementById('theme'); const theme = () => document.documentElement.dataset.theme; \
                  const before = theme(); button.click(); return before !== theme(); })()";
    assert_eq!(page.evaluate(themes).await, true);
    let example = "document.querySelector('section.operation details').open = true; \
                   document.querySelector('section.operation details pre').innerText";
    let example = page.evaluate(example).await;
    let example: Value = serde_json::from_str(example.as_str().expect("text")).expect("JSON");
    assert_eq!(example["success"], true);
    assert_eq!(page.complaints(), Vec::<String>::new());
    shop.close().await;
}

#[tokio::test]
async fn it_runs_nothing_that_is_not_its_own() {
    let shop = Shop::open(Profile::Portable).await;
    let mut page = open(&shop).await;
    let inject = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.injected = 1'})); \
                  document.body.setAttribute('onclick', 'window.injected = 1'); document.body.click(); \
                  typeof window.injected";
    assert_eq!(page.evaluate(inject).await, "undefined");
    let elsewhere = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')";
    assert_eq!(page.evaluate(elsewhere).await, "refused");
    // Which shows that complaints are heard.
    let complaints = page.complaints().join("\n");
    assert!(
        complaints.contains("Content Security Policy"),
        "{complaints}"
    );
    shop.close().await;
}
