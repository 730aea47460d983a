#include "jobs/collector_fixture.h"

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::hours;
using std::chrono::seconds;

TEST_F(CollectorTest, AnImageWithoutTagGoesWithAllItsContentWhenItsGraceIsOver) {
    auto const image = push_image("layer", "v1");
    collect();
    delete_tag("v1");
    collect();
    EXPECT_TRUE(has_manifest(image)) << "it can be pulled by its digest for as long";
    pass(grace - seconds(1));
    EXPECT_EQ(collect(), 0U);
    EXPECT_TRUE(has_manifest(image));
    pass(seconds(2));
    collect_all();
    EXPECT_FALSE(has_manifest(image));
    EXPECT_EQ(stored(), 0U);
    EXPECT_TRUE(run(meta->catalog().repositories({{}, 10})).value().items.empty());
}

TEST_F(CollectorTest, ATagThatMovesLeavesTheImageBefore) {
    auto const first = push_image("one", "latest");
    auto const second = push_image("two", "latest");
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(first));
    EXPECT_FALSE(has_bytes(sha256("one")));
    EXPECT_TRUE(has_manifest(second));
    EXPECT_TRUE(has_bytes(sha256("two")));
    EXPECT_TRUE(has_link(sha256("{}"))) << "both name it";
}

TEST_F(CollectorTest, ARoundThatRemovesSomethingIsNotedAndOthersAreNot) {
    push_image("one", "latest");
    push_image("two", "latest");
    auto const noted = [&] {
        return run(meta->journal().entries({.action = "collection.finish"})).value().items;
    };
    collect();
    EXPECT_TRUE(noted().empty());
    pass(grace + seconds(1));
    collect_all();
    auto const rounds = noted();
    ASSERT_FALSE(rounds.empty());
    std::uint64_t manifests = 0;
    for (auto const& one : rounds) manifests += one.details.counts.at(0).second;
    EXPECT_EQ(manifests, 1U);
    EXPECT_EQ(rounds[0].by.kind, "system");
    for (int i = 0; i < 3; ++i) collect();
    EXPECT_EQ(noted().size(), rounds.size());
}

TEST_F(CollectorTest, WhatOneOfManyNeedsStaysWhateverElseIsDeleted) {
    std::vector<std::string> tags;
    for (int i = 0; i < 20; ++i) {
        auto const text = image(push("{}"), {push("base"), push("layer " + std::to_string(i))});
        tags.push_back("t" + std::to_string(i));
        ASSERT_TRUE(push_manifest(text, tag(tags.back())).has_value());
    }
    while (tags.size() > 1) {
        delete_tag(tags.back());
        tags.pop_back();
        pass(grace + seconds(1));
        collect_all();
        ASSERT_TRUE(has_link(sha256("base")));
        ASSERT_TRUE(has_bytes(sha256("base")));
    }
    delete_tag(tags.back());
    pass(grace + seconds(1));
    collect_all();
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, AnIndexKeepsItsManifestsAndTheyKeepNoIndex) {
    auto const one = push_image("one");
    auto const two = push_image("two");
    auto const index = push_index({one, two}, "v1");
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(one));
    EXPECT_TRUE(has_manifest(two));
    auto const text = image(sha256("{}"), {sha256("one")});
    ASSERT_TRUE(push_manifest(text, tag("kept")).has_value());
    delete_tag("v1");
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(index));
    EXPECT_FALSE(has_manifest(two));
    EXPECT_TRUE(has_manifest(one));
    EXPECT_TRUE(has_bytes(sha256("one")));
    EXPECT_FALSE(has_bytes(sha256("two")));
}

TEST_F(CollectorTest, ATaggedIndexThatLostAManifestEndsNoRound) {
    auto const one = push_image("one");
    auto const two = push_image("two");
    auto const index = push_index({one, two}, "v1");
    ASSERT_TRUE(delete_manifest(two).has_value());
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(index));
    EXPECT_TRUE(has_manifest(one));
    EXPECT_FALSE(has_bytes(sha256("two")));
}

TEST_F(CollectorTest, ReferrersGoWithTheirSubject) {
    auto const subject = push_image("layer", "v1");
    auto const signature = push_referrer(subject, "signature");
    auto const of_signature = push_referrer(signature, "countersignature");
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(of_signature)) << "they stay as long as it does";
    ASSERT_TRUE(delete_manifest(subject).has_value());
    collect_all();
    EXPECT_TRUE(has_manifest(signature)) << "it can still be restored";
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(signature));
    EXPECT_FALSE(has_manifest(of_signature));
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, AReferrerThatWasDeletedAndPushedAgainGoesWithItsSubject) {
    auto const subject = push_image("layer", "v1");
    auto const signature = push_referrer(subject, "signature");
    ASSERT_TRUE(delete_manifest(signature).has_value());
    EXPECT_EQ(push_referrer(subject, "signature"), signature);
    delete_tag("v1");
    collect_all();
    EXPECT_TRUE(has_manifest(signature));
    // The deletion of the one ends in the round that takes the other's subject.
    pass(grace + pending + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(signature));
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, ManifestsThatKeepEachOtherKeepNothing) {
    auto const one = push_image("one");
    auto const index = push_index({one}, {}, one);  // Refers to what it names.
    pass(grace + pending + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(index));
    EXPECT_FALSE(has_manifest(one));
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, ABlobWithoutManifestGoesAndTwoRepositoriesShareBytes) {
    auto const blob = push("layer");
    auto const other = repository("other");
    ASSERT_TRUE(run(registry::mount_blob(parts, nobody, name, other, blob)).has_value());
    auto const text = image(sha256("{}"), {blob});
    TextSource body("{}");
    ASSERT_TRUE(run(registry::push_blob(parts, nobody, other, {body, {}, {}}, sha256("{}"))).has_value());
    ASSERT_TRUE(
        run(registry::push_manifest(parts, {nobody, other, tag("v1"), {}, oci_manifest, text})).has_value());
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_link(blob));
    EXPECT_TRUE(has_link(other, blob));
    EXPECT_TRUE(has_bytes(blob));
}

TEST_F(CollectorTest, APushUnderWayIsLeftAloneWithoutGraceToo) {
    auto const quick = jobs::CollectRules{seconds(0), pending, 0};
    collector.emplace(parts, blobs, quick, log, metrics);
    auto const layer = push("layer");
    pass(pending - seconds(1));
    collect_all();
    EXPECT_TRUE(has_link(layer));
    auto const image = push_image("layer", "v1");
    delete_tag("v1");
    collect_all();
    EXPECT_FALSE(has_manifest(image)) << "what had a name and lost it goes at once";
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, ABlobThatIsPushedAgainIsFreshAgain) {
    auto const layer = push("layer");
    pass(grace + seconds(1));
    push("layer");
    collect_all();
    EXPECT_TRUE(has_link(layer));
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_link(layer));
}

TEST_F(CollectorTest, WhatNoChangeNamesIsFoundByTheWalk) {
    collect();
    auto const orphan = sha256("orphan");
    ASSERT_TRUE(run(blobs.put(orphan, std::as_bytes(std::span(std::string_view("orphan"))))).has_value());
    auto const left = push("left by an earlier version");
    auto const kept = push_image("layer", "v1");
    // As if the log had not been written, or is forgotten.
    ASSERT_TRUE(run(meta->journal().prune_before(clock.now() + hours(1),
                                                 std::numeric_limits<std::int64_t>::max(), 1000))
                    .has_value());
    ASSERT_TRUE(run(meta->journal().append({{.at = clock.now()}})).has_value());
    restart_collector();
    collect();
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_bytes(orphan));
    EXPECT_FALSE(has_link(left));
    EXPECT_TRUE(has_manifest(kept));
    EXPECT_TRUE(has_bytes(sha256("layer")));
}

TEST_F(CollectorTest, AfterALongPauseOrAClockThatWasSetTheGraceStartsAnew) {
    push_image("layer", "v1");
    collect();
    delete_tag("v1");
    collect();
    pass(hours(24 * 365));
    restart_collector();
    EXPECT_EQ(collect(), 0U);
    EXPECT_NE(sink.text().find("garbage collection waits"), std::string::npos);
    pass(grace + seconds(1));
    collect_all();
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, AChangeWithAnOldTimeHasItsGrace) {
    pass(grace + pending);
    collect();
    auto const image = push_image("layer");
    ASSERT_TRUE(run(meta->journal().append({{.at = clock.now() - hours(10'000),
                                             .kind = meta::ChangeKind::tag_delete,
                                             .repository = name.str(),
                                             .details = {.tags = {{"v1", image.str()}}}}}))
                    .has_value());
    restart_collector();
    collect_all();
    EXPECT_TRUE(has_manifest(image));
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_manifest(image));
}

TEST_F(CollectorTest, ADirectoryThatAwaitsItsAdoptionLosesNothing) {
    collector.emplace(parts, blobs,
                      jobs::CollectRules{.grace = grace, .pending = pending, .awaits_adoption = true}, log,
                      metrics);
    push_image("layer", "v1");
    delete_tag("v1");
    collect();
    pass(grace + pending + seconds(1));
    EXPECT_EQ(collect(), 0U);
    collector->free_now();
    EXPECT_EQ(collect(), 0U);
    EXPECT_EQ(stored(), 3U);
}

TEST_F(CollectorTest, InADirectoryOfDistributionOnlyWhatWasReleasedGoes) {
    auto const foreign = sha256("of an image that was not adopted");
    ASSERT_TRUE(run(blobs.put(foreign, std::as_bytes(std::span(std::string_view("of an image that was not "
                                                                                "adopted")))))
                    .has_value());
    ASSERT_TRUE(run(meta->journal().append({{.at = clock.now(), .kind = meta::ChangeKind::registry_import}}))
                    .has_value());
    collector.emplace(parts, blobs,
                      jobs::CollectRules{.grace = grace, .pending = pending, .owns_store = false}, log,
                      metrics);
    push_image("layer", "v1");
    collect();
    delete_tag("v1");
    collect();
    pass(grace + pending + seconds(1));
    collect_all();
    EXPECT_TRUE(has_bytes(foreign));
    EXPECT_EQ(stored(), 1U);
}

/// A push beside metadata that were lost shares bytes with images that only these name.
TEST_F(CollectorTest, BytesThatLostMetadataMayNameStayAndAreFoundLater) {
    collector.emplace(
        parts, blobs,
        jobs::CollectRules{.grace = grace, .pending = pending, .owns_store = false, .keeps_bytes = true}, log,
        metrics);
    auto const image = push_image("layer", "v1");
    collect();
    delete_tag("v1");
    collect();
    pass(grace + pending + seconds(1));
    collect_all();
    collector->free_now();
    collect_all();
    EXPECT_FALSE(has_manifest(image));
    EXPECT_FALSE(has_link(sha256("layer")));
    EXPECT_EQ(stored(), 3U);
    restart_collector();  // The operator has removed the mark.
    for (int day = 0; day < 9; ++day) {
        pass(std::chrono::days(1));
        collect_all();
    }
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, FreeNowTakesWhatWasReleasedAndNoPushUnderWay) {
    push_image("layer", "v1");
    auto const under_way = push("another");
    collect();
    delete_tag("v1");
    collector->free_now();
    collect();
    EXPECT_FALSE(has_bytes(sha256("layer")));
    EXPECT_TRUE(has_link(under_way));
}

TEST_F(CollectorTest, BytesThatAreGoneAlreadyEndNoRound) {
    push_image("layer", "v1");
    collect();
    delete_tag("v1");
    ASSERT_TRUE(run(blobs.remove(sha256("layer"))).has_value());
    pass(grace + seconds(1));
    collect_all();
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, ACrashBetweenFactsAndBytesLeavesWorkAndNoDamage) {
    push_image("layer", "v1");
    collect();
    delete_tag("v1");
    collect();
    pass(grace + seconds(1));
    // Condemned and not purged, as a kill leaves it.
    auto const due = run(meta->collection().due(collector->cutoffs(), 100)).value();
    std::vector<oci::Digest> digests;
    for (auto const& candidate : due) digests.push_back(candidate.digest);
    ASSERT_FALSE(
        run(meta->collection().review(name, digests, collector->cutoffs())).value().condemned.empty());
    restart_collector();
    collect_all();
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorTest, TagsThatNameAnImageGoAndComeBackWithIt) {
    auto const image = push_image("layer", "v1");
    auto const hex = image.str().substr(image.str().find(':') + 1);
    auto const signature = push_image("signature", "sha256-" + hex + ".sig");
    auto const list = push_index({}, "sha256-" + hex);
    auto const other = push_image("other", "sha256-" + hex + "-mine");
    auto const of_elsewhere = push_image("elsewhere", "sha256-" + std::string(64, '0') + ".sig");
    collect();
    ASSERT_TRUE(delete_manifest(image).has_value());
    collect();
    EXPECT_TRUE(has_manifest(signature)) << "as long as the image can be restored";
    ASSERT_TRUE(
        run(meta->collection().restore({name, oci::Tag::parse("v1").value(), {}, {}}, {}, clock.now()))
            .has_value());
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(signature));
    EXPECT_TRUE(has_manifest(list));
    delete_tag("v1");
    collect();
    pass(2 * grace);
    collect_all();
    EXPECT_FALSE(has_manifest(image));
    EXPECT_FALSE(has_manifest(signature));
    EXPECT_FALSE(has_manifest(list));
    EXPECT_FALSE(has_bytes(sha256("signature")));
    EXPECT_TRUE(has_manifest(other));
    EXPECT_TRUE(has_manifest(of_elsewhere));
}

TEST_F(CollectorTest, APlanSeesWhatNoRoundHasRead) {
    auto const image = push_image("layer", "v1");
    collect();
    delete_tag("v1");
    pass(grace - seconds(1));
    EXPECT_TRUE(run(collector->plan(false, 100)).value().removals.empty());
    auto const all = run(collector->plan(true, 100)).value();
    EXPECT_EQ(all.removals.size(), 6U) << "manifest, config and layer, and the bytes of each";
    pass(seconds(2));
    EXPECT_EQ(run(collector->plan(false, 100)).value().removals, all.removals);
    EXPECT_TRUE(has_manifest(image));
    collect_all();
    EXPECT_EQ(stored(), 0U);
    EXPECT_TRUE(run(collector->plan(true, 100)).value().removals.empty());
}
