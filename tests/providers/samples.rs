//! Payloads as the providers publish or send them: each has its effect, none is parked.

use std::fs;
use std::path::PathBuf;

use affiliate_tests::binary::workspace;
use affiliate_tests::database::Profile;
use affiliate_tests::intake::{Delivery, Intake};

/// A fixture as it stands in its file.
#[derive(Debug)]
struct Sample {
    provider: &'static str,
    path: PathBuf,
}

impl Delivery for Sample {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn delivery_id(&self) -> Option<String> {
        (self.provider == "polar").then(|| self.path.display().to_string())
    }

    fn body(&self) -> Vec<u8> {
        fs::read(&self.path).expect("a fixture")
    }
}

fn samples(provider: &'static str) -> Vec<Sample> {
    let directory = workspace().join("tests/fixtures").join(provider);
    let files = fs::read_dir(directory).expect("a directory").flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let samples = paths.into_iter().map(|path| Sample { provider, path });
    samples.collect()
}

#[tokio::test]
async fn every_published_payload_has_its_effect_in_either_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        for provider in ["stripe", "lemonsqueezy", "paddle", "polar"] {
            let samples = samples(provider);
            assert!(samples.len() > 1, "{provider}");
            for backwards in [false, true] {
                let project = intake.add_project().await;
                let mut order: Vec<&Sample> = samples.iter().collect();
                if backwards {
                    order.reverse();
                }
                for sample in order {
                    let status = intake.deliver_to(project, sample).await;
                    let errors = intake.errors(project).await;
                    // Those that builders fill in share an event id.
                    let fine = ["applied", "duplicate"].contains(&status.as_str());
                    assert!(fine, "{}: {status} {errors:?}", sample.path.display());
                }
            }
        }
        intake.close().await;
    }
}
