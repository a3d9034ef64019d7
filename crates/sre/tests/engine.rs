//! What the fixture cannot show: limits, interruption, sharing, locales, hints.

use std::ops::ControlFlow;

use adder_sre::codes::{MAXREPEAT, category, op::*};
use adder_sre::{Env, Error, Hint, Locale, Program, Scanner, State, Subject, count_chars};

fn program(codes: &[u32]) -> Program {
    Program::new(codes, 4).expect("valid codes")
}

fn find(program: &Program, state: &mut State, subject: Subject) -> Result<bool, Error> {
    let mut poll = || ControlFlow::Continue(());
    let end = subject.bytes().len();
    program.search(state, subject, 0, end, false, &mut Env::new(&mut poll))
}

/// `(a+)+b`
fn exponential() -> Program {
    let (a, b) = ('a' as u32, 'b' as u32);
    let item = [REPEAT_ONE, 6, 1, MAXREPEAT, LITERAL, a, SUCCESS];
    let mut codes = vec![REPEAT, 14, 1, MAXREPEAT, MARK, 0];
    codes.extend(item);
    codes.extend([MARK, 1, MAX_UNTIL, LITERAL, b, SUCCESS]);
    program(&codes)
}

#[test]
fn can_be_interrupted() {
    let mut polls = 0;
    let mut poll = || {
        polls += 1;
        if polls < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let text = [b'a'; 60];
    let mut state = State::new();
    let result =
        exponential().search(&mut state, Subject::Bytes(&text), 0, 60, false, &mut Env::new(&mut poll));
    assert_eq!(result, Err(Error::Interrupted));
    assert_eq!(polls, 5);
    // The state is as good as new.
    assert_eq!(find(&exponential(), &mut state, Subject::Bytes(b"xaaab")), Ok(true));
    assert_eq!((state.span(), state.group(1)), ((1, 5), Some((1, 4))));
}

#[test]
fn memory_is_limited() {
    // `(?:ab?)*ac`: a frame for each turn.
    let (a, b, c) = ('a' as u32, 'b' as u32, 'c' as u32);
    let mut codes = vec![REPEAT, 12, 0, MAXREPEAT, LITERAL, a];
    codes.extend([REPEAT_ONE, 6, 0, 1, LITERAL, b, SUCCESS, MAX_UNTIL]);
    codes.extend([LITERAL, a, LITERAL, c, SUCCESS]);
    let program = program(&codes);
    let text = vec![b'a'; 1_000_000];
    let mut state = State::new();
    state.set_memory_limit(100_000);
    let search = |state: &mut State| {
        let mut poll = || ControlFlow::Continue(());
        let env = &mut Env::new(&mut poll);
        program.match_at(state, Subject::Bytes(&text), 0, text.len(), false, false, env)
    };
    assert_eq!(search(&mut state), Err(Error::Memory));
    state.set_memory_limit(usize::MAX);
    assert_eq!(search(&mut state), Ok(false));
}

#[test]
fn depth_takes_no_native_stack() {
    // Atomic groups nested a hundred thousand times around a literal.
    let depth = 100_000;
    let mut codes = vec![];
    for level in 0..depth {
        codes.extend([ATOMIC_GROUP, 3 * (depth - level) + 1]);
    }
    codes.extend([LITERAL, 'a' as u32]);
    codes.extend(vec![SUCCESS; depth as usize + 1]);
    let nested = program(&codes);
    let mut state = State::new();
    assert_eq!(find(&nested, &mut state, Subject::Bytes(b"bba")), Ok(true));
    assert_eq!(state.span(), (2, 3));
    assert_eq!(find(&nested, &mut state, Subject::Bytes(b"bbc")), Ok(false));
}

#[test]
fn one_state_serves_all() {
    let groups = program(&[MARK, 0, ANY, MARK, 1, MARK, 2, ANY, MARK, 3, SUCCESS]);
    let plain = program(&[ANY, SUCCESS]);
    let mut state = State::new();
    assert_eq!(find(&groups, &mut state, Subject::Bytes(b"ab")), Ok(true));
    assert_eq!((state.group(2), state.lastindex()), (Some((1, 2)), Some(2)));
    assert_eq!(find(&plain, &mut state, Subject::Wtf8("é".as_bytes())), Ok(true));
    assert_eq!((state.span(), state.group(2), state.lastindex()), ((0, 2), None, None));
    assert_eq!(find(&groups, &mut state, Subject::Bytes(b"x")), Ok(false));
    assert_eq!(find(&exponential(), &mut state, Subject::Bytes(b"aab")), Ok(true));
}

#[test]
fn programs_are_shared() {
    let shared = exponential();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut state = State::new();
                assert_eq!(find(&shared, &mut state, Subject::Bytes(b"..aaab")), Ok(true));
                assert_eq!(state.span(), (2, 6));
            });
        }
    });
}

#[test]
fn locale_is_asked_at_each_match() {
    let word = program(&[IN, 4, CATEGORY, category::LOC_WORD, FAILURE, SUCCESS]);
    let folded = program(&[LITERAL_LOC_IGNORE, 0xE4, SUCCESS]);
    let mut latin1 = Locale::c();
    latin1.alnum[0xE4] = true;
    latin1.upper[0xE4] = 0xC4;
    latin1.lower[0xC4] = 0xE4;
    let mut state = State::new();
    for (locale, expected) in [(&Locale::c(), false), (&latin1, true), (&Locale::c(), false)] {
        let mut poll = || ControlFlow::Continue(());
        let env = &mut Env { poll: &mut poll, locale };
        let subject = Subject::Bytes(b"\xE4");
        assert_eq!(word.search(&mut state, subject, 0, 1, false, env), Ok(expected));
        let subject = Subject::Bytes(b"\xC4");
        assert_eq!(folded.search(&mut state, subject, 0, 1, false, env), Ok(expected));
    }
}

#[test]
fn hints() {
    let text = Subject::Bytes(b"");
    let wide = Subject::Wtf8("é".as_bytes());
    assert_eq!(program(&[LITERAL, 97, SUCCESS]).hint(text), Hint::Literal(b"a"));
    assert_eq!(program(&[IN, 4, LITERAL, 97, FAILURE, SUCCESS]).hint(text), Hint::Literal(b"a"));
    assert_eq!(program(&[LITERAL, 0xE9, SUCCESS]).hint(wide), Hint::Literal("é".as_bytes()));
    assert_eq!(program(&[LITERAL, 0xE9, SUCCESS]).hint(text), Hint::Literal(b"\xE9"));
    let long: Vec<u32> = "abcdefghijklmnopqrstuvwxyz".bytes().flat_map(|b| [LITERAL, b as u32]).collect();
    let long = program(&[&long[..], &[SUCCESS]].concat());
    assert_eq!(long.hint(text), Hint::Literal(b"abcdefghijklmnopqrstuvwxyz"));
    assert_eq!(find(&long, &mut State::new(), Subject::Bytes(b"-abcdefghijklmnopqrstuvwxyz")), Ok(true));
    let space = [IN, 4, CATEGORY, category::SPACE, FAILURE];
    let spaces = program(&[&space[..], &[SUCCESS]].concat());
    let Hint::Set { table, mask, many: false } = spaces.hint(text) else {
        panic!("no set");
    };
    assert!(table[b' ' as usize] & mask != 0 && table[b'x' as usize] & mask == 0);
    let run = [&[REPEAT_ONE, 9, 1, MAXREPEAT][..], &space, &[SUCCESS, SUCCESS]].concat();
    assert!(matches!(program(&run).hint(text), Hint::Set { many: true, .. }));
    assert_eq!(program(&run).hint(wide), Hint::None);
    assert_eq!(program(&[MARK, 0, LITERAL, 97, MARK, 1, SUCCESS]).hint(text), Hint::None);
}

#[test]
fn scanning_steps_over_empty_matches() {
    // `a*`
    let codes = [REPEAT_ONE, 6, 0, MAXREPEAT, LITERAL, 97, SUCCESS, SUCCESS];
    let program = program(&codes);
    let text = "aébaa";
    let mut scanner = Scanner::new(0, text.len());
    let mut state = State::new();
    let mut poll = || ControlFlow::Continue(());
    let env = &mut Env::new(&mut poll);
    let mut spans = vec![];
    let subject = Subject::Wtf8(text.as_bytes());
    while scanner.search(&program, &mut state, subject, env).unwrap() {
        let (start, end) = state.span();
        spans.push((count_chars(&text.as_bytes()[..start]), count_chars(&text.as_bytes()[..end])));
    }
    assert_eq!(spans, [(0, 1), (1, 1), (2, 2), (3, 5), (5, 5)]);
}

#[test]
fn starting_behind_the_end() {
    let empty = program(&[SUCCESS]);
    let mut state = State::new();
    let mut poll = || ControlFlow::Continue(());
    let env = &mut Env::new(&mut poll);
    let subject = Subject::Bytes(b"abc");
    assert_eq!(empty.search(&mut state, subject, 2, 1, false, env), Ok(false));
    assert_eq!(empty.match_at(&mut state, subject, 2, 1, false, false, env), Ok(true));
    assert_eq!(state.span(), (2, 2));
    assert_eq!(empty.match_at(&mut state, subject, 2, 1, true, false, env), Ok(false));
}
