use super::*;

fn tree() -> SqlTree {
    let files = [
        ("migrations/0001_core.sql", "CREATE TABLE a ();"),
        ("functions/f.sql", "SELECT 'f' -- open"),
        ("triggers/t.sql", "SELECT '@kernel_trigger_schema@';"),
        ("grants/g.sql", "GRANT x TO y;"),
    ];
    SqlTree::from_files(files.map(|(path, body)| (path.to_owned(), body.to_owned())))
        .expect("valid")
}

#[test]
fn every_file_is_there_once_and_in_order() {
    let script = script(&tree(), Profile::Portable);
    let places: Vec<usize> = [
        "CREATE TABLE a ();",
        "-- sql/functions/f.sql",
        "'affiliate_kernel';",
        "GRANT x TO y;",
        "COMMIT;",
    ]
    .iter()
    .map(|text| {
        assert_eq!(script.matches(text).count(), 1, "{text}");
        script.find(text).expect("there")
    })
    .collect();
    assert!(places.is_sorted());
    assert!(
        script.contains("-- open\n;\n"),
        "a statement without its semicolon gets one on a line of its own"
    );
}

#[test]
fn only_the_native_script_creates_the_extension() {
    assert!(script(&tree(), Profile::Native).contains("CREATE EXTENSION pg_affiliate"));
    assert!(!script(&tree(), Profile::Portable).contains("CREATE EXTENSION pg_affiliate"));
}

#[test]
fn conditions_are_balanced() {
    let script = script(&tree(), Profile::Portable);
    let count = |command: &str| {
        script
            .lines()
            .filter(|line| line.split(' ').next() == Some(command))
            .count()
    };
    assert_eq!((count("\\if"), count("\\else")), (4, 2));
    assert_eq!(count("\\endif"), 4);
}
