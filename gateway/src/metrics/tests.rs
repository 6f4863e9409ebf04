use super::*;

#[test]
fn samples_are_escaped_and_buckets_are_cumulative() {
    let mut histogram = Histogram::default();
    for millis in [1, 3, 3, 60_000] {
        histogram.observe(Duration::from_millis(millis));
    }
    let mut out = Exposition::default();
    histogram.expose("d", "/a\"b\\", &mut out);
    let text = out.into_text();
    for line in [
        r#"d_bucket{route="/a\"b\\",le="0.001"} 1"#,
        r#"d_bucket{route="/a\"b\\",le="0.005"} 3"#,
        r#"d_bucket{route="/a\"b\\",le="30"} 3"#,
        r#"d_bucket{route="/a\"b\\",le="+Inf"} 4"#,
        r#"d_sum{route="/a\"b\\"} 60.007000"#,
        r#"d_count{route="/a\"b\\"} 4"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn made_up_methods_are_one_series() {
    let made_up = Method::from_bytes(b"PROPFIND").expect("a method");
    assert_eq!(method_label(&made_up), "other");
    assert_eq!(method_label(&Method::DELETE), "DELETE");
}
