use super::*;

fn room(lanes: &Lanes, endpoint: i64) -> i32 {
    let rooms = lanes.rooms();
    let at = rooms.endpoints.iter().position(|id| *id == endpoint);
    rooms.rooms[at.expect("a known endpoint")]
}

#[test]
fn an_endpoint_gets_as_much_as_it_has_shown_to_take() {
    let lanes = Arc::new(Lanes::new(4, 100));
    let place = lanes.enter(1, 7, false);
    assert_eq!(room(&lanes, 7), 3);
    for (health, expected) in [
        (Health::Good, 255),
        (Health::Slow, 3),
        (Health::Failing, 0),
        (Health::Good, 255),
    ] {
        place.lane.note(health, Duration::from_millis(1));
        assert_eq!(room(&lanes, 7), expected, "{health:?}");
    }
    let others: Vec<Place> = (0..128).map(|_| lanes.enter(1, 7, false)).collect();
    assert_eq!(room(&lanes, 7), 0, "more than half of what it takes");
    drop(others);
    place.lane.note_waiting(Duration::ZERO);
    assert_eq!(room(&lanes, 7), 3, "it takes its time");
    place.lane.note(Health::Failing, Duration::ZERO);
    place.lane.note_waiting(Duration::ZERO);
    assert_eq!(room(&lanes, 7), 0, "it may well fail again");
    drop(place);
    assert_eq!(room(&lanes, 7), 1, "one tries whether it is back");
}

#[test]
fn no_more_is_claimed_than_is_sent_soon() {
    let lanes = Arc::new(Lanes::new(4, 1000));
    for (ordered, millis, expected) in [
        (false, 1, 256),
        (false, 100, 80),
        (false, 900, 8),
        (true, 1, 256),
        (true, 100, 20),
        (true, 900, 4),
    ] {
        let place = lanes.enter(1, millis + i64::from(ordered), ordered);
        let took = Duration::from_millis(millis.unsigned_abs());
        for _ in 0..100 {
            place.lane.note(Health::Good, took);
        }
        assert_eq!(place.lane.room(4), expected - 1, "{ordered} {millis}");
    }
}

#[test]
fn trouble_tells_those_who_waited_before_it() {
    let lanes = Arc::new(Lanes::new(4, 100));
    let waiting = lanes.enter(1, 7, false);
    waiting.lane.note(Health::Good, Duration::ZERO);
    assert!(!waiting.trouble.has_changed().expect("a lane"));
    waiting.lane.note(Health::Failing, Duration::ZERO);
    assert!(waiting.trouble.has_changed().expect("a lane"));
    assert!(
        !lanes
            .enter(1, 7, false)
            .trouble
            .has_changed()
            .expect("a lane")
    );
}

#[tokio::test]
async fn a_project_has_its_share_and_says_when_there_is_room_again() {
    let lanes = Arc::new(Lanes::new(4, 2));
    let places = [
        lanes.enter(1, 7, false),
        lanes.enter(1, 8, false),
        lanes.enter(2, 9, false),
    ];
    assert_eq!(lanes.rooms().full_projects, [1]);
    drop(places);
    lanes.freed.notified().await;
    assert!(lanes.rooms().full_projects.is_empty());
    assert!(lock(&lanes.projects).is_empty());
}
