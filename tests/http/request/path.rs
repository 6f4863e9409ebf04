//! Paths.

use reqwest::Method;

use super::{open, refused};

#[tokio::test]
async fn there_is_nothing_at_other_paths() {
    let (_shop, api) = open().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/affiliates",
        "/API/v1/affiliates",
        "/api/v1/affiliates/",
        "/api/v1/affiliates//",
        "//api/v1/affiliates",
        "/api/v1//affiliates",
        "/api/v1/affiliates/a@example.com/",
        "/api/v1/affiliates/a@example.com/more",
        "/api/v1/%61ffiliates",
        "/api%2Fv1%2Faffiliates",
        "/nothing?x=%zz",
    ] {
        // With a key and without: who asks for nothing need not say who asks.
        assert_eq!(
            refused(404, api.request(Method::GET, path)).await,
            "There is nothing at this path"
        );
        refused(404, api.anonymous(Method::GET, path)).await;
        refused(404, api.anonymous(Method::GET, path).bearer_auth("rgk_1_x")).await;
    }
}

#[tokio::test]
async fn emails_may_be_encoded_or_not_and_a_plus_is_a_plus() {
    let (_shop, api) = open().await;
    let created = api
        .create_affiliate_as(&api.key, "Ann+Shop@example.com")
        .await;
    assert_eq!(created.status, 201);
    for path in [
        "ann+shop@example.com",
        "ann%2Bshop%40example.com",
        "ann%2bshop@example.com",
        "%61nn+SHOP@EXAMPLE.COM",
    ] {
        let answer = api.get(&format!("/api/v1/affiliates/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    for path in [
        "ann%20shop@example.com",
        "ann%2Fshop@example.com",
        "annshop@example.com",
    ] {
        let answer = api.get(&format!("/api/v1/affiliates/{path}")).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_a_bad_request() {
    let (_shop, api) = open().await;
    let refusal = async |path: &str| {
        refused(
            400,
            api.request(Method::GET, &format!("/api/v1/affiliates/{path}")),
        )
        .await
    };
    assert!(
        refusal("%zz")
            .await
            .starts_with("email in the path holds a % that two hexadecimal digits do not follow")
    );
    assert!(
        refusal("a%")
            .await
            .starts_with("email in the path holds a %")
    );
    assert_eq!(
        refusal("%ff@example.com").await,
        "email in the path is not valid UTF-8 after percent-decoding"
    );
    assert_eq!(
        refusal("a%00@example.com").await,
        "email holds the character U+0000, which cannot be stored"
    );
    assert_eq!(
        refusal("nobody").await,
        "email must be a valid email address, got \"nobody\""
    );
}

#[tokio::test]
async fn ids_are_whole_numbers_that_every_client_can_hold() {
    let (_shop, api) = open().await;
    for path in ["/api/v1/conversions/", "/api/v1/coupons/"] {
        for id in [
            "9007199254740992",
            "9223372036854775808",
            "99999999999999999999999999",
            "0",
            "-1",
            "1.5",
            "abc",
            "%20",
        ] {
            refused(400, api.request(Method::GET, &format!("{path}{id}"))).await;
        }
        refused(
            404,
            api.request(Method::GET, &format!("{path}9007199254740991")),
        )
        .await;
        refused(
            404,
            api.request(Method::DELETE, &format!("{path}9007199254740991")),
        )
        .await;
    }
}
