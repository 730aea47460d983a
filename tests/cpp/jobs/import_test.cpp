#include "jobs/import_fixture.h"
#include "meta/change_text.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ImportTest, RecordsWhatIsThere) {
    auto const manifest = an_image("v1");
    auto const counts = import().value();
    EXPECT_THAT(notes.told, IsEmpty());
    EXPECT_EQ(counts.repositories, 1U);
    EXPECT_EQ(counts.blobs, 2U);
    EXPECT_EQ(counts.manifests, 1U);
    EXPECT_EQ(counts.tags, 1U);
    auto const found = at("v1").value();
    EXPECT_EQ(found.digest, manifest);
    EXPECT_EQ(found.media_type, oci_manifest) << "which nobody has written down";
    EXPECT_TRUE(run(meta->links().blob(name, sha256("layer"))).has_value());
}

TEST_F(ImportTest, KeepsTheTimesOfThePushesAndNotesTheImportToday) {
    an_image("v1");
    then += std::chrono::hours(24);
    tagged("stable", an_image("v1"));
    then -= std::chrono::hours(24);
    tagged("v1", an_image("again"));
    fs::remove_all(here() / "_manifests/tags/again");
    then += std::chrono::hours(24);
    revision(sha256(image(sha256("{}"), {sha256("layer")})));  // distribution writes it with every push.
    then -= std::chrono::hours(24);
    ASSERT_TRUE(import().has_value());
    auto const entries = run(meta->journal().entries({.limit = 10})).value().items;
    std::vector<std::string> written;
    for (auto const& entry : entries) {
        EXPECT_EQ(entry.by.name, "adopt");
        EXPECT_EQ(entry.by.kind, "local");
        auto const when = entry.at == clock.now()  ? "today"
                          : entry.at == Time(then) ? "then"
                          : entry.at > Time(then)  ? "later"
                                                   : "before";
        written.push_back(std::string(to_string(entry.kind)) + " " + when + " " + detail_of(entry));
    }
    EXPECT_THAT(written, ElementsAre("registry.adopt today 1 repository, 1 manifest, 2 tags, 0 left behind",
                                     "manifest.push later tags stable", "manifest.push then tags v1",
                                     "blob.push then ", "blob.push then "));
}

TEST_F(ImportTest, TakesAManifestWithoutATypeForWhatItsFieldsSay) {
    auto const index = bytes(R"({"schemaVersion":2,"manifests":[]})");
    revision(index);
    tagged("all", index);
    ASSERT_TRUE(import().has_value());
    EXPECT_EQ(at("all").value().media_type, "application/vnd.oci.image.index.v1+json");
}

TEST_F(ImportTest, FindsNestedRepositories) {
    an_image("v1");
    name = repository("team");
    an_image("v1");
    name = repository("team/app/deep");
    an_image("v1");
    EXPECT_EQ(import().value().repositories, 3U);
    auto const known = run(meta->catalog().repositories({.after = {}, .limit = 9})).value();
    EXPECT_THAT(known.items, ElementsAre("team", "team/app", "team/app/deep"));
}

TEST_F(ImportTest, PassesOverWhatWasDeletedOrBegun) {
    auto const manifest = an_image("v1");
    fs::remove(here() / "_manifests/revisions" / path_of(manifest));
    fs::remove(here() / "_manifests/tags/v1/current/link");
    fs::create_directories(here() / "_uploads/0b7a6b0c-7a0f-4a0e-9f0e-3f1d1c3f4b5a");
    link("_manifests/tags/v1/current/link.0190a0a0.tmp", "sha256:");
    EXPECT_EQ(import().value().manifests, 0U);
    EXPECT_THAT(notes.told, IsEmpty());
    EXPECT_EQ(at("v1").error().code, Errc::manifest_unknown);
}

TEST_F(ImportTest, NamesEachThingThatCannotBeTaken) {
    auto const gone = sha256("a layer that was collected as garbage, with all that needs it");
    layer(gone);
    auto const lost = sha256("a manifest without bytes");
    revision(lost);
    auto const alias = sha512("kept by its sha256");
    link("_layers" / path_of(alias), bytes("kept by its sha256").str());
    auto const old = bytes(R"({"schemaVersion":1,"name":"team/app","signatures":[]})");
    revision(old);
    auto const large = bytes("{" + std::string(5 * 1024 * 1024, ' ') + "}");
    revision(large);
    auto const empty = sha256("a link file that a crash has emptied");
    link("_layers" / path_of(empty), "");
    tagged("dangling", gone);
    tagged("-bad", gone);
    fs::create_directories(repositories() / "UPPER" / "_manifests");
    EXPECT_EQ(import().value().skipped, 8U);
    auto const of = [](std::string const& subject) { return "team/app " + subject; };
    EXPECT_THAT(notes.told, ::testing::UnorderedElementsAre("UPPER ", of(lost.str()), of(alias.str()),
                                                            of(old.str()), of(large.str()), of(empty.str()),
                                                            of("dangling"), of("-bad")));
    for (auto const& sentence : notes.why) EXPECT_FALSE(sentence.empty());
}

TEST_F(ImportTest, NamesAManifestWhoseBytesAreNotThoseOfItsDigest) {
    auto const digest = sha256("what it was");
    std::string_view const text = R"({"schemaVersion":2,"manifests":[]})";
    ASSERT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(text)))).has_value());
    revision(digest);
    tagged("v1", digest);
    EXPECT_EQ(import().value().tags, 0U);
    EXPECT_THAT(notes.told, ElementsAre("team/app " + digest.str(), "team/app v1"));
}

TEST_F(ImportTest, LinksWhatAManifestNeedsAndDistributionHasNotLinked) {
    auto const layer_of_a_mirror = bytes("layer");
    auto const manifest = bytes(image(bytes("{}"), {layer_of_a_mirror, sha256("not fetched yet")}));
    revision(manifest);
    tagged("v1", manifest);
    EXPECT_EQ(import().value().blobs, 2U);
    EXPECT_TRUE(run(meta->links().blob(name, layer_of_a_mirror)).has_value());
    EXPECT_EQ(at("v1").value().digest, manifest);
}

TEST_F(ImportTest, ListsReferrersThatOnlyAFallbackTagHasListed) {
    auto const subject = an_image("v1");
    std::string const text = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
                             R"("artifactType":"application/x-signature","config":{"mediaType":)"
                             R"("application/vnd.oci.empty.v1+json","digest":")" +
                             bytes("{}").str() + R"(","size":2},"layers":[],"subject":{"mediaType":")" +
                             std::string(oci_manifest) + R"(","digest":")" + subject.str() +
                             R"(","size":3}})";
    auto const signature = bytes(text);
    revision(signature);
    auto const index =
        bytes(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
              R"("manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
              signature.str() + R"(","size":)" + std::to_string(text.size()) + "}]}");
    revision(index);
    auto const fallback = "sha256-" + subject.hex();
    tagged(fallback, index);
    ASSERT_TRUE(import().has_value());
    std::vector<std::string> listed;
    auto const more =
        run(meta->catalog().referrers(name, subject, {}, {.after = {}, .limit = 9}, [&](auto const& row) {
            listed.emplace_back(row.digest);
            return true;
        }));
    ASSERT_TRUE(more.has_value());
    EXPECT_THAT(listed, ElementsAre(signature.str()));
    EXPECT_EQ(at(fallback).value().digest, index) << "stays a tag like any other";
}

TEST_F(ImportTest, FilesOfTheFutureAreOfNow) {
    then += std::chrono::years(1000);
    an_image("v1");
    ASSERT_TRUE(import().has_value());
    auto const now = SystemClock().now();
    auto const tags = run(meta->retention().tags(name, {{}, 10})).value().items;
    ASSERT_EQ(tags.size(), 1U);
    EXPECT_LE(tags[0].pushed_at, now);
    auto const manifests = run(meta->retention().manifests(name, {{}, 10})).value().items;
    ASSERT_EQ(manifests.size(), 1U);
    EXPECT_LE(manifests[0].pushed_at, now);
}

TEST_F(ImportTest, MayBeRunAgainAndLeavesWhatHasMovedSince) {
    auto const first = an_image("v1");
    tagged("v2", first);
    ASSERT_TRUE(import().has_value());
    auto const entries = run(meta->journal().entries({.limit = 100})).value().items.size();
    auto const again = import().value();
    EXPECT_EQ(again.tags, 2U);
    EXPECT_EQ(again.skipped, 0U);
    EXPECT_EQ(run(meta->journal().entries({.limit = 100})).value().items.size(), entries + 1)
        << "but for a line about the import nothing was written";
    auto const moved = image(push("{}"), {push("newer")});
    ASSERT_TRUE(push_manifest(moved, tag("v1")).has_value());
    EXPECT_EQ(import().value().tags, 1U);
    EXPECT_THAT(notes.told, ElementsAre("team/app v1"));
    EXPECT_EQ(at("v1").value().digest, sha256(moved));
}

TEST_F(ImportTest, DoesNotLinkWhatDistributionNeverServedFromThere) {
    auto const secret = bytes("of another repository");
    auto const foreign =
        bytes(R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",)"
              R"("config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":")" +
              bytes("{}").str() +
              R"(","size":2},"layers":[{"mediaType":)"
              R"("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":")" +
              secret.str() + R"(","size":21,"urls":["https://example.com/layer"]}]})");
    revision(foreign);
    auto const index =
        bytes(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
              R"({"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":")" +
              secret.str() + R"(","size":21}]})");
    revision(index);
    EXPECT_EQ(import().value().manifests, 2U);
    EXPECT_TRUE(run(meta->links().blob(name, secret)).has_error());
}

TEST_F(ImportTest, LeavesAManifestThatDistributionReadsInAnotherWay) {
    auto const secret = bytes("of another repository");
    auto const own = bytes("own");
    auto const plain = image(bytes("{}"), {secret});
    auto const with = [&](std::string_view what, std::string_view instead) {
        auto text = plain;
        text.replace(text.find(what), what.size(), instead);
        return text;
    };
    auto const fields = with("\"layers\"", "\"Layers\":[],\"layers\"");
    auto const digest =
        with("\"digest\":\"" + secret.str(), "\"Digest\":\"" + own.str() + "\",\"digest\":\"" + secret.str());
    auto const letter = with("\"layers\"", "\"layer\xc5\xbf\":[],\"layers\"");
    for (auto const& text : {fields, digest, letter}) revision(bytes(text));
    EXPECT_EQ(import().value().skipped, 3U);
    EXPECT_TRUE(run(meta->links().blob(name, secret)).has_error());
}

TEST_F(ImportTest, NamesALayerThatAnImageLacks) {
    auto const lost = sha256("collected as garbage");
    auto const config = bytes("{}");
    for (auto const* const type : {"one", "two"}) {
        auto const manifest = bytes(image(config, {lost, bytes(type)}));
        revision(manifest);
        tagged(type, manifest);
    }
    auto const hollow = sha256("cut off by a crash");
    ASSERT_TRUE(run(blobs.put(hollow, {})).has_value());
    layer(hollow);
    revision(bytes(image(config, {hollow})));
    EXPECT_EQ(import().value().tags, 2U);
    EXPECT_THAT(notes.told,
                ::testing::UnorderedElementsAre("team/app " + hollow.str(), "team/app " + lost.str()));
}

TEST_F(ImportTest, NamesALayerThatIsGoneSinceTheLastImport) {
    an_image("v1");
    ASSERT_TRUE(import().has_value());
    ASSERT_TRUE(run(blobs.remove(sha256("layer"))).has_value());
    ASSERT_TRUE(import().has_value());
    EXPECT_THAT(notes.told, ElementsAre("team/app " + sha256("layer").str()));
}

TEST_F(ImportTest, DoesNotTakeAManifestUnderTheNameOfAnother) {
    auto const other = bytes(R"({"schemaVersion":2,"manifests":[]})");
    auto const asked = sha256("asked for");
    link("_manifests/revisions" / path_of(asked), other.str());
    EXPECT_EQ(import().value().manifests, 0U);
    EXPECT_THAT(notes.told, ElementsAre("team/app " + asked.str()));
}

TEST_F(ImportTest, LeavesATagOnAQuarantinedManifest) {
    auto const first = an_image("v1");
    ASSERT_TRUE(import().has_value());
    ASSERT_TRUE(run(meta->scrub().quarantine(first, clock.now())).has_value());
    auto const second = an_image("v1", "newer");
    tagged("stable", second);
    ASSERT_TRUE(run(blobs.remove(first)).has_value());  // As the scrub leaves it.
    EXPECT_EQ(import().value().manifests, 1U);
    EXPECT_THAT(notes.told, ::testing::UnorderedElementsAre("team/app " + first.str(), "team/app v1"));
    EXPECT_EQ(at("stable").value().digest, second);
    EXPECT_TRUE(run(meta->catalog().manifest(name, second)).has_value());
}

TEST_F(ImportTest, FollowsSymbolicLinksButNotInCircles) {
    an_image("v1");
    auto const elsewhere = directory.path() / "elsewhere";
    fs::rename(here(), elsewhere);
    fs::create_directory_symlink(elsewhere, here());
    fs::create_directory_symlink(repositories(), repositories() / "loop");
    for (auto const* const one : {"a", "b", "c"}) {
        fs::create_directory(repositories() / one);
        for (auto const* const other : {"a", "b", "c"}) {
            if (one != other)
                fs::create_directory_symlink(repositories() / other, repositories() / one / other);
        }
    }
    EXPECT_EQ(import().value().repositories, 1U);
    EXPECT_THAT(notes.told, ::testing::Contains("loop "));
    EXPECT_THAT(notes.told, ::testing::Contains("a/b/a "));
    EXPECT_EQ(notes.told.size(), 19U);
    EXPECT_TRUE(at("v1").has_value());
}

TEST_F(ImportTest, NamesWhatCannotBeReadInPrintableCharacters) {
    link("_manifests/tags/\xe9\x1b[31m\n/current/link", sha256("x").str());
    fs::create_directories(repositories() / "caf\xe9" / "_manifests");
    fs::create_directories(here() / "_layers" / path_of(sha256("a pipe")).parent_path());
    ASSERT_EQ(::mkfifo((here() / "_layers" / path_of(sha256("a pipe"))).c_str(), 0600), 0);
    ASSERT_TRUE(import().has_value());
    EXPECT_THAT(notes.told, ElementsAre("caf\\xe9 ", "team/app " + sha256("a pipe").str(),
                                        "team/app \\xe9\\x1b[31m\\x0a"));
}

TEST_F(ImportTest, NamesADirectoryThatCannotBeRead) {
    auto const manifest = an_image("v1");
    fs::remove_all(here() / "_manifests/tags");
    fs::create_directory_symlink("tags", here() / "_manifests/tags");  // Leads to itself: ELOOP.
    EXPECT_EQ(import().value().manifests, 1U);
    EXPECT_THAT(notes.told, ElementsAre("team/app _manifests/tags"));
    EXPECT_THAT(notes.why, ElementsAre(HasSubstr("cannot be read")));
    EXPECT_TRUE(run(meta->catalog().manifest(name, manifest)).has_value());
}

TEST_F(ImportTest, DoesNotTakeADirectoryThatCannotBeReadForAnEmptyOne) {
    fs::create_directories(repositories().parent_path());
    fs::create_directory_symlink("repositories", repositories());
    auto const unread = import();
    EXPECT_EQ(unread.error().code, Errc::io);
    EXPECT_THAT(unread.error().message, HasSubstr("check its permissions"));
}

TEST_F(ImportTest, EndsWhenItIsToldTo) {
    an_image("v1");
    notes.looks = 1;
    auto const ended = run(jobs::import_distribution(directory.path(), blobs, *meta, clock, {}, notes));
    EXPECT_EQ(ended.error().code, Errc::cancelled);
    ASSERT_TRUE(import().has_value());
    EXPECT_TRUE(at("v1").has_value());
}

TEST_F(ImportTest, SaysThatThereIsNothingToImport) {
    auto const nothing = import();
    EXPECT_EQ(nothing.error().code, Errc::config);
    EXPECT_THAT(nothing.error().message, HasSubstr("rootdirectory"));
}
