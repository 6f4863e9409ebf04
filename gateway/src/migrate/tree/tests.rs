use super::*;

fn tree(files: &[(&str, &str)]) -> Result<SqlTree, TreeError> {
    SqlTree::from_files(
        files
            .iter()
            .map(|(path, body)| ((*path).to_owned(), (*body).to_owned())),
    )
}

fn paths(files: &[SqlFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_embedded_tree_is_well_formed() {
    SqlTree::embedded().expect("every file is where it belongs");
}

#[test]
fn objects_run_kernels_and_helpers_first_and_grants_last() {
    let tree = tree(&[
        ("grants/roles.sql", ""),
        ("triggers/thing.sql", ""),
        ("views/b.sql", ""),
        ("functions/private/z.sql", ""),
        ("functions/affiliate/a.sql", ""),
        ("portable/one.sql", ""),
        ("native/one.sql", ""),
        ("functions/README.md", "not SQL"),
    ])
    .expect("valid");
    let without_grants = [
        "sql/portable/one.sql",
        "sql/functions/private/z.sql",
        "sql/functions/affiliate/a.sql",
        "sql/views/b.sql",
        "sql/triggers/thing.sql",
    ];
    assert_eq!(
        paths(&tree.objects(Profile::Portable, false)),
        without_grants
    );
    let native = tree.objects(Profile::Native, true);
    assert_eq!(
        (native[0].path.as_str(), native[5].path.as_str()),
        ("sql/native/one.sql", "sql/grants/roles.sql")
    );
}

#[test]
fn only_triggers_get_the_kernel_schema() {
    let text = "@kernel_trigger_schema@.f()";
    let tree = tree(&[("functions/f.sql", text), ("triggers/t.sql", text)]).expect("valid");
    let bodies = |profile| {
        tree.objects(profile, false)
            .into_iter()
            .map(|file| file.body)
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies(Profile::Native), [text, "affiliate_native.f()"]);
    assert_eq!(bodies(Profile::Portable), [text, "affiliate_kernel.f()"]);
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let valid =
        tree(&[("migrations/0002_b.sql", ""), ("migrations/0001_a.sql", "")]).expect("valid");
    assert_eq!(
        (valid.schema_version(), valid.migrations[1].name.as_str()),
        (2, "0002_b")
    );
    let hole = tree(&[("migrations/0001_a.sql", ""), ("migrations/0003_c.sql", "")]);
    let twice = tree(&[("migrations/0001_a.sql", ""), ("migrations/0001_b.sql", "")]);
    for wrong in [hole, twice] {
        assert!(matches!(wrong, Err(TreeError::Number { expected: 2, .. })));
    }
    for name in [
        "1_a.sql",
        "0001.sql",
        "0001_.sql",
        "000x_a.sql",
        "0001_a/b.sql",
    ] {
        assert!(
            matches!(
                tree(&[(&format!("migrations/{name}"), "")]),
                Err(TreeError::Name(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn a_directory_nobody_applies_is_refused() {
    for path in ["function/a.sql", "a.sql"] {
        assert!(
            matches!(tree(&[(path, "")]), Err(TreeError::UnknownDirectory(_))),
            "{path}"
        );
    }
}

#[test]
fn the_checksum_notices_text_that_moves_between_files() {
    let checksum = |files: &[(&str, &str)]| {
        tree(files)
            .expect("valid")
            .objects_checksum(Profile::Portable, true)
    };
    let base = checksum(&[("functions/a.sql", "ab"), ("functions/b.sql", "c")]);
    assert_ne!(
        base,
        checksum(&[("functions/a.sql", "a"), ("functions/b.sql", "bc")])
    );
    assert_eq!(
        base,
        checksum(&[
            ("functions/b.sql", "c"),
            ("functions/a.sql", "ab"),
            ("native/n.sql", "x")
        ])
    );
}
