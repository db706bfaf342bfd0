//! The page's files and the headers that guard it.

use omniguard_tests::get;

#[test]
fn the_page_is_served_with_its_guards() {
    let page = get("/");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    let scripts = policy.split(';').find(|one| one.trim().starts_with("script-src")).unwrap();
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    assert!(scripts.contains("'wasm-unsafe-eval'") && scripts.contains("'sha256-"), "{scripts}");
    assert!(!policy.contains("frame-ancestors *"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(!page.header("referrer-policy").is_empty());
}

#[test]
fn only_the_embedded_demo_may_be_framed() {
    let framed = |path: &str| {
        let page = get(path);
        assert_eq!(page.status, 200, "{path}");
        page.header("content-security-policy").contains("frame-ancestors *")
    };
    assert!(framed("/?embed=demo"));
    assert!(framed("/?seed=7&embed=demo"));
    for path in ["/?embed=other", "/?seed=embed=demo", "/?embed=demos"] {
        assert!(!framed(path), "{path}");
    }
}

#[test]
fn table_corpus_and_weights_are_the_files_of_the_tree() {
    assert!(get("/tokens.bin").body == include_bytes!("../../public/tokens.bin"));
    assert!(get("/corpus.bin").body == include_bytes!("../../public/corpus.bin"));
    assert!(get("/weights.bin").body == include_bytes!("../../public/weights.bin"));
}
