#include "registry/fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

using namespace ocilot;
using namespace ocilot::test;
using policy::Decision;
using policy::Point;

namespace {

/// Notes every question, and refuses those it is told to.
class NotingGate final : public policy::OpenGate {
  public:
    bool asks(Point point) const noexcept override { return (points & static_cast<unsigned>(point)) != 0; }
    Task<Result<Decision>> admit_manifest(policy::ManifestPush push) override {
        co_return noted(fmt::format("manifest {} tags={} config={}", push.bytes == bytes ? "same" : "other",
                                    push.tags.size(), push.config));
    }
    Task<Result<Decision>> admit_blob(policy::BlobPush push) override {
        co_return noted(fmt::format("blob {} {}", push.repository.str(), push.size));
    }
    Task<Result<Decision>> admit_tag(policy::TagMove move) override {
        for (auto const& referrer : move.referrers) referrers.push_back(referrer);
        siblings = move.sibling_tags;
        auto answer = noted(fmt::format("tag {} {}", move.tag.str(), move.previous ? "moves" : "is new"));
        if (meanwhile) std::exchange(meanwhile, nullptr)();
        co_return answer;
    }
    Task<Result<Decision>> admit_delete(policy::Deletion deletion) override {
        auto const* const tag = std::get_if<oci::Tag>(&deletion.reference);
        if (meanwhile) std::exchange(meanwhile, nullptr)();
        co_return noted(fmt::format(
            "delete {}{}{}", to_string(deletion.kind), tag ? " " + tag->str() : "",
            deletion.tags.size() > 9
                ? fmt::format(" with {} tags", deletion.tags.size())
                : fmt::format("{}{}", deletion.tags.empty() ? "" : " with ", fmt::join(deletion.tags, " "))));
    }

    unsigned points = 0xff;
    std::vector<std::string> asked;
    std::string bytes;    // Of the manifest that is expected.
    std::string refused;  // The question that is denied.
    std::vector<policy::Referrer> referrers;
    std::vector<std::string> siblings;
    std::function<void()> meanwhile;  // Happens while a tag is asked about, once.

  private:
    Result<Decision> noted(std::string question) {
        asked.push_back(question);
        if (question == refused) return Decision::deny("not here");
        return Decision::allow();
    }
};

class GateTest : public RegistryTest {
  protected:
    void SetUp() override {
        config = push("cfg");
        gate.bytes = image(config, {});
    }
    Result<registry::PushedManifest> push_by_digest(std::vector<oci::Tag> tags) {
        oci::Reference const reference = sha256(gate.bytes);
        return run(
            registry::push_manifest(asking, {nobody, name, reference, tags, oci_manifest, gate.bytes}));
    }
    Result<registry::PushedManifest> push_asking(std::string_view bytes, oci::Reference const& reference) {
        return run(registry::push_manifest(asking, {nobody, name, reference, {}, oci_manifest, bytes}));
    }
    Result<> remove(oci::Reference const& reference) {
        return run(registry::delete_manifest(asking, nobody, name, reference));
    }
    /// Something about the image, as a referrer of it.
    std::string referrer(std::string_view type) {
        auto text = image(config, {});
        text.pop_back();
        return text + R"(,"artifactType":")" + std::string(type) +
               R"(","annotations":{"by":"ann"},"subject":)" + R"({"mediaType":")" +
               std::string(oci_manifest) + R"(","digest":")" + sha256(gate.bytes).str() + R"(","size":3}})";
    }

    NotingGate gate;
    registry::Registry asking{blobs, *meta, gate, clock, random, *sessions, manifests, {}};
    oci::Digest config = sha256("cfg");
    oci::Tag v1 = oci::Tag::parse("v1").value();
    oci::Tag v2 = oci::Tag::parse("v2").value();
};

}  // namespace

TEST_F(GateTest, IsAskedAboutTheManifestWithItsConfigurationAndThenAboutEachTag) {
    ASSERT_TRUE(push_by_digest({v1, v2}).has_value());
    EXPECT_EQ(gate.asked, (std::vector<std::string>{"manifest same tags=2 config=cfg", "tag v1 is new",
                                                    "tag v2 is new"}));
}

TEST_F(GateTest, IsAskedOnlyWhatSomebodyAnswers) {
    gate.points = 0;
    ASSERT_TRUE(push_by_digest({v1}).has_value());
    ASSERT_TRUE(remove(v1).has_value());
    ASSERT_TRUE(remove(sha256(gate.bytes)).has_value());
    EXPECT_TRUE(gate.asked.empty());
}

TEST_F(GateTest, IsNotShownALargeConfiguration) {
    auto const large = push(std::string(1024 * 1024 + 1, 'x'));
    gate.bytes = image(large, {});
    ASSERT_TRUE(push_by_digest({}).has_value());
    EXPECT_EQ(gate.asked, std::vector<std::string>{"manifest same tags=0 config="});
}

TEST_F(GateTest, IsNotShownAConfigurationThatIsElsewhere) {
    asking.rules.sparse = {oci::RepositoryPattern::parse("**").value()};
    gate.bytes = image(sha256("absent"), {});
    ASSERT_TRUE(push_by_digest({}).has_value());
    EXPECT_EQ(gate.asked, std::vector<std::string>{"manifest same tags=0 config="});
}

TEST_F(GateTest, StoresNothingWhenOneOfTheTagsIsRefused) {
    gate.refused = "tag v2 is new";
    auto const refused = push_by_digest({v1, v2});
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_EQ(refused.error().message, "not here");
    EXPECT_FALSE(run(blobs.stat(sha256(gate.bytes))).has_value());
    EXPECT_TRUE(run(registry::stat_manifest(parts, name, v1)).has_error());
}

TEST_F(GateTest, LearnsWhatRefersToTheImageThatIsTagged) {
    ASSERT_TRUE(push_by_digest({}).has_value());
    auto const signature = referrer("application/signature");
    ASSERT_TRUE(push_asking(signature, sha256(signature)).has_value());
    auto const fallback = "sha256-" + sha256(gate.bytes).hex();
    for (auto const& sibling :
         {fallback, fallback + ".sig", std::string("sha256-0"), std::string("sha256-zz")}) {
        ASSERT_TRUE(push_asking(signature, tag(sibling)).has_value());
    }
    gate.referrers.clear();
    ASSERT_TRUE(push_asking(gate.bytes, v1).has_value());
    ASSERT_EQ(gate.referrers.size(), 1U);
    EXPECT_EQ(gate.referrers[0].digest, sha256(signature).str());
    EXPECT_EQ(gate.referrers[0].artifact_type, "application/signature");
    EXPECT_EQ(gate.referrers[0].annotations_json, R"({"by":"ann"})");
    EXPECT_EQ(gate.siblings, (std::vector{fallback, fallback + ".sig"}));
}

TEST_F(GateTest, IsAskedAgainWhenSomebodyMovesTheTagMeanwhile) {
    auto const other = image(config, {push("layer")});
    gate.meanwhile = [&] { ASSERT_TRUE(push_manifest(other, v1).has_value()); };
    ASSERT_TRUE(push_asking(gate.bytes, v1).has_value());
    EXPECT_EQ(gate.asked,
              (std::vector<std::string>{"manifest same tags=1 config=cfg", "tag v1 is new", "tag v1 moves"}));
}

TEST_F(GateTest, SeesEveryMoveOfATagThatItKeepsWhereItIs) {
    auto const other = image(config, {push("layer")});
    gate.meanwhile = [&] { ASSERT_TRUE(push_manifest(other, v1).has_value()); };
    gate.refused = "tag v1 moves";
    EXPECT_EQ(push_asking(gate.bytes, v1).error().code, Errc::denied) << "two first pushes, one tag";
    EXPECT_EQ(run(registry::stat_manifest(parts, name, v1)).value().digest, sha256(other));
}

TEST_F(GateTest, IsToldEveryTagThatGoesWithItsManifest) {
    ASSERT_TRUE(push_by_digest({v1, v2}).has_value());
    gate.asked.clear();
    gate.refused = "delete manifest with v1 v2";
    EXPECT_EQ(remove(sha256(gate.bytes)).error().code, Errc::denied);
    EXPECT_EQ(gate.asked, std::vector<std::string>{"delete manifest with v1 v2"});
    EXPECT_TRUE(run(registry::stat_manifest(parts, name, v2)).has_value());
    gate.refused.clear();
    EXPECT_TRUE(remove(sha256(gate.bytes)).has_value());
}

TEST_F(GateTest, IsAskedOnceAboutAManifestAndABlobWithThousandsOfTags) {
    std::vector<oci::Tag> tags;
    for (int i = 0; i < 2500; ++i) tags.push_back(oci::Tag::parse(fmt::format("t{:04}", i)).value());
    ASSERT_TRUE(push_by_digest(tags).has_value());
    gate.asked.clear();
    ASSERT_TRUE(run(registry::delete_blob(asking, nobody, name, config)).has_value());
    ASSERT_TRUE(remove(sha256(gate.bytes)).has_value());
    EXPECT_EQ(gate.asked,
              (std::vector<std::string>{"delete blob with 2500 tags", "delete manifest with 2500 tags"}));
}

TEST_F(GateTest, RemovesNothingThatATagNeedsWhichItWasNotTold) {
    ASSERT_TRUE(push_by_digest({v1}).has_value());
    gate.meanwhile = [&] { ASSERT_TRUE(push_manifest(gate.bytes, v2).has_value()); };
    EXPECT_EQ(remove(sha256(gate.bytes)).error().code, Errc::conflict);
    auto const v3 = oci::Tag::parse("v3").value();
    gate.meanwhile = [&] { ASSERT_TRUE(push_manifest(gate.bytes, v3).has_value()); };
    EXPECT_EQ(run(registry::delete_blob(asking, nobody, name, config)).error().code, Errc::conflict);
    EXPECT_TRUE(run(registry::stat_blob(parts, name, config)).has_value());
}

TEST_F(GateTest, TellsATagAManifestAndABlobApart) {
    ASSERT_TRUE(push_by_digest({v1}).has_value());
    gate.asked.clear();
    ASSERT_TRUE(remove(v1).has_value());
    ASSERT_TRUE(remove(sha256(gate.bytes)).has_value());
    ASSERT_TRUE(run(registry::delete_blob(asking, nobody, name, config)).has_value());
    EXPECT_EQ(gate.asked, (std::vector<std::string>{"delete tag v1", "delete manifest", "delete blob"}));
}

TEST_F(GateTest, IsAskedAboutABlobThatIsReceivedAndOneThatIsMounted) {
    TextSource body("blob");
    ASSERT_TRUE(run(registry::push_blob(asking, nobody, name, {body, {}, {}}, sha256("blob"))).has_value());
    auto const target = repository("other");
    gate.refused = "blob other 4";
    EXPECT_EQ(run(registry::mount_blob(asking, nobody, name, target, sha256("blob"))).error().code,
              Errc::denied);
    EXPECT_EQ(gate.asked, (std::vector<std::string>{"blob team/app 4", "blob other 4"}));
    EXPECT_TRUE(run(registry::stat_blob(parts, target, sha256("blob"))).has_error());
}
