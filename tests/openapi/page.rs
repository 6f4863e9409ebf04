//! `/docs` works without anything from elsewhere.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Answer, Shop};

async fn get(shop: &Shop, path: &str) -> Answer {
    let url = format!("{}{path}", shop.gateway.base_url());
    let sent = Answer::of(affiliate_tests::http().get(url)).await;
    sent.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// What stands between `before` and the next quote, each time.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let pieces = text.split(before).skip(1);
    pieces
        .filter_map(|piece| piece.split(['"', '\'']).next())
        .collect()
}

#[tokio::test]
async fn the_page_and_all_it_refers_to_come_from_the_gateway() {
    let shop = Shop::open(Profile::Portable).await;
    let page = get(&shop, "/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/html"))
    );
    let mut texts = vec![page.text.clone()];
    for (before, kind) in [
        ("<script type=\"module\" src=\"", "text/javascript"),
        ("rel=\"stylesheet\" href=\"", "text/css"),
    ] {
        let references = quoted(&page.text, before);
        assert!(!references.is_empty(), "{before}");
        for reference in references {
            let file = get(&shop, &format!("/{reference}")).await;
            assert_eq!(file.status, 200, "{reference}");
            let sent = file.headers["content-type"].to_str().expect("a type");
            assert!(sent.starts_with(kind), "{reference}: {sent}");
            texts.push(file.text);
        }
    }
    let modules: Vec<String> = texts
        .iter()
        .flat_map(|text| quoted(text, "from './"))
        .map(str::to_owned)
        .collect();
    assert!(!modules.is_empty());
    for module in modules {
        let file = get(&shop, &format!("/docs/{module}")).await;
        assert_eq!(file.status, 200, "{module}");
        texts.push(file.text);
    }
    for text in &texts {
        // The addresses in examples are no requests.
        let elsewhere = text.replace("https://example.com/", "");
        assert!(
            !elsewhere.contains("http://") && !elsewhere.contains("https://"),
            "{text}"
        );
        assert!(
            !text.contains("innerHTML"),
            "documents must not become markup"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn its_policy_allows_its_own_files_and_nothing_inline() {
    let shop = Shop::open(Profile::Portable).await;
    let page = get(&shop, "/docs").await;
    let policy = page.headers["content-security-policy"]
        .to_str()
        .expect("a policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!page.text.contains("<style") && !page.text.contains(" style="));
    assert!(!page.text.contains("<script>") && !page.text.contains(" onclick="));
    let redirected = get(&shop, "/docs/").await;
    assert_eq!(redirected.text, page.text);
    assert_eq!(get(&shop, "/docs/nothing.js").await.status, 404);
    shop.close().await;
}
