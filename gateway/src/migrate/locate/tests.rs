use super::*;

const FILE: &str = "\
-- a comment; with a semicolon
CREATE TABLE a (note text DEFAULT 'x;y', odd text DEFAULT E'it\\'s; fine');
/* another; one */ ;

CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM 1; -- $$ is not the end
END $body$;
SELECT \"a;b\", $1, $$;$$ FROM t;
INSERT INTO a
VALUES (1)
";

#[test]
fn statements_are_found_around_quotes_and_comments() {
    let lines: Vec<usize> = statement_starts(FILE)
        .into_iter()
        .map(|offset| line_at(FILE, offset))
        .collect();
    assert_eq!(lines, [2, 5, 9, 10]);
}

#[test]
fn an_open_statement_is_told_from_a_closed_one() {
    assert!(is_open(FILE));
    assert!(!is_open("SELECT 1; -- done"));
    assert!(is_open("SELECT 1 -- done;"));
    assert!(!is_open(""));
}

#[test]
fn unfinished_quotes_end_with_the_text() {
    for text in ["'", "\"", "$$", "$a$ x $b$", "/*", "--", "E'\\", "é;é"] {
        assert!(statement_starts(text).len() <= 2, "{text}");
    }
}

#[test]
fn positions_count_characters() {
    let sql = "-- ü\nSELECT\nnothing";
    let position =
        u32::try_from(sql.chars().position(|c| c == 'n').expect("there") + 1).expect("small");
    assert_eq!(line_of_character(sql, position), 3);
}

#[test]
fn a_function_is_found_where_it_is_created() {
    let sql = "-- affiliate.f(\nCREATE OR REPLACE FUNCTION affiliate.f(p_a int)";
    assert_eq!(creation_line(sql, "affiliate.f"), Some(2));
    assert_eq!(creation_line(sql, "affiliate.g"), None);
}
