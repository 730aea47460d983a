#include "hookbox/hook_gate.h"

#include "hookbox/fixture.h"
#include "oci/hasher.h"

#include <functional>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using hookbox::Answer;
using hookbox::Question;
using hookbox::Topic;
using policy::Decision;
using policy::Point;

namespace {

class StillClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return Time{}; }
};

/// A gate and one thread that answers everything in the same way.
class HookGateTest : public ::testing::Test {
  protected:
    ~HookGateTest() override {
        box.mailbox.close();
        if (answering.joinable()) answering.join();
    }
    void answer_with(Answer answer) {
        answering = std::thread([this, with = std::move(answer)] {
            while (auto question = box.mailbox.take(1h)) {
                auto const id = question->id;
                asked.emplace_back(std::move(*question));
                box.mailbox.answer(id, with);
            }
        });
    }
    void ask_all() {
        std::vector<hookbox::HookPoint> points;
        for (auto const& row : hookbox::topics) points.push_back({row.topic, 1h});
        box.gate.set_points(points);
    }
    Result<Decision> admit_blob() { return run(box.gate.admit_blob({ann, team, digest, 3})); }

    MemorySink sink;
    StillClock clock;
    Log log{sink, clock, LogFormat::text, LogLevel::info};
    Metrics metrics;
    hookbox::HookBox box{metrics, log};
    std::vector<Question> asked;  // Read by the test after the answer.
    std::thread answering;
    policy::Caller ann{.name = "ann",
                       .groups = {"team"},
                       .address = "::1",
                       .kind = policy::CallerKind::user,
                       .request = "id-7"};
    oci::RepositoryName team = oci::RepositoryName::parse("team/app").value();
    oci::Digest digest = oci::digest_of(oci::Algorithm::sha256, "abc");
    oci::Tag v1 = oci::Tag::parse("v1").value();
};

}  // namespace

TEST_F(HookGateTest, AsksOnlyWhatSomebodyAnswers) {
    constexpr std::array all{Point::authenticate, Point::authorize,    Point::admit_manifest,
                             Point::admit_blob,   Point::admit_tag,    Point::admit_delete,
                             Point::retain,       Point::images_in_use};
    for (auto const point : all) EXPECT_FALSE(box.gate.asks(point));
    std::array const two{hookbox::HookPoint{Topic::authorize, 5s}, hookbox::HookPoint{Topic::admit_tag, 5s}};
    box.gate.set_points(two);
    for (auto const point : all) {
        EXPECT_EQ(box.gate.asks(point), point == Point::authorize || point == Point::admit_tag);
    }
    box.gate.set_points({});
    for (auto const point : all) EXPECT_FALSE(box.gate.asks(point));
}

TEST_F(HookGateTest, TellsThatOldDecisionsHoldNoMore) {
    auto const before = box.gate.generation();
    box.gate.set_points({});
    EXPECT_GT(box.gate.generation(), before);
}

TEST_F(HookGateTest, GivesEachPointItsDeadline) {
    std::array const points{hookbox::HookPoint{Topic::admit_blob, 1ms}};
    box.gate.set_points(points);
    EXPECT_EQ(admit_blob().error().message, "no hook answered admit_blob within the deadline of 0.001 s");
    EXPECT_NE(sink.text().find("hook not answered"), std::string::npos);
}

TEST_F(HookGateTest, RefusesWithTheReasonOfTheScriptAndLogsIt) {
    ask_all();
    answer_with(Decision{false, "too large", {}, "size.py"});
    auto const decision = admit_blob();
    EXPECT_FALSE(decision.value().allowed);
    EXPECT_EQ(decision.value().reason, "too large");
    auto const line = sink.text();
    for (auto const* part : {"hook denied", "point=admit_blob", "script=size.py", "repository=team/app",
                             "caller=ann", "too large"}) {
        EXPECT_NE(line.find(part), std::string::npos) << line;
    }
}

TEST_F(HookGateTest, LetsPassWhatNoScriptHasAnOpinionOn) {
    ask_all();
    answer_with(hookbox::Abstain{});
    EXPECT_TRUE(admit_blob().value().allowed);
    EXPECT_EQ(run(box.gate.authorize(ann, {team, policy::Action::pull})).value(), std::nullopt)
        << "the rules are asked";
    EXPECT_FALSE(run(box.gate.authenticate({"ann", "secret", "::1"})).value()) << "somebody else may know";
}

TEST_F(HookGateTest, RefusesWhenAScriptFails) {
    ask_all();
    answer_with(hookbox::Failure{"KeyError: 'labels'", "labels.py"});
    EXPECT_EQ(admit_blob().error().code, Errc::unavailable);
    EXPECT_EQ(run(box.gate.authorize(ann, {team, policy::Action::pull})).error().code, Errc::unavailable);
    EXPECT_EQ(run(box.gate.authenticate({"ann", "secret", "::1"})).error().code, Errc::unavailable);
    auto const text = sink.text();
    EXPECT_NE(text.find("labels.py"), std::string::npos);
    EXPECT_EQ(text.find("secret"), std::string::npos) << "no password in the log";
}

TEST_F(HookGateTest, EveryLineOfTheLogNamesTheRequest) {
    auto const lines_with = [this](std::string_view id) {
        std::size_t lines = 0;
        auto const word = "request_id=" + std::string(id);
        auto const text = sink.text();
        for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++lines;
        return lines;
    };
    ask_all();
    answer_with(Decision::deny("no"));
    EXPECT_FALSE(admit_blob().value().allowed);
    EXPECT_EQ(lines_with("id-7"), 1U);
    EXPECT_EQ(asked.front().request, "id-7") << "whoever answers can log it too";
    static_cast<void>(run(box.gate.authenticate({"ann", "secret", "::1", "id-8"})));
    EXPECT_EQ(lines_with("id-8"), 1U);
    box.mailbox.close();
    EXPECT_TRUE(run(box.gate.authorize(ann, {team, policy::Action::pull})).has_error());
    EXPECT_EQ(lines_with("id-7"), 2U) << "a question without an answer";
}

TEST_F(HookGateTest, TellsWhichScriptFailedAndOnlyTheLogWhy) {
    ask_all();
    answer_with(hookbox::Failure{"KeyError: 'hunter2'", "/etc/ocilot/hooks/labels.py"});
    EXPECT_EQ(admit_blob().error().message, "labels.py failed at admit_blob");
    EXPECT_NE(sink.text().find("hunter2"), std::string::npos) << "whoever runs the registry wants to know";
    EXPECT_NE(sink.text().find("/etc/ocilot/hooks/labels.py"), std::string::npos);
}

TEST_F(HookGateTest, RefusesWhenTheAnswerIsNoneToTheQuestion) {
    ask_all();
    answer_with(ann);
    EXPECT_EQ(admit_blob().error().code, Errc::unavailable);
    EXPECT_EQ(run(box.gate.authorize(ann, {team, policy::Action::pull})).error().code, Errc::unavailable);
}

TEST_F(HookGateTest, DoesNotTakeAPermissionForALogin) {
    ask_all();
    answer_with(Decision::allow());
    EXPECT_EQ(run(box.gate.authenticate({"ann", "secret", "::1"})).error().code, Errc::unavailable);
}

TEST_F(HookGateTest, NamesTheCallerAsTheScriptSaysAndTheAddressAsItIs) {
    ask_all();
    answer_with(policy::Caller{.name = "Ann", .groups = {"ops"}, .address = "lie"});
    auto const login = run(box.gate.authenticate({"ann", "secret", "::1"})).value();
    ASSERT_TRUE(login);
    auto const& caller = std::get<policy::Caller>(*login);
    EXPECT_EQ(caller.name, "Ann");
    EXPECT_EQ(caller.groups, std::vector<std::string>{"ops"});
    EXPECT_EQ(caller.address, "::1");
}

TEST_F(HookGateTest, KeepsHowLongADecisionHolds) {
    ask_all();
    answer_with(Decision{true, {}, 30s, "ldap.py"});
    auto const decided = run(box.gate.authorize(ann, {team, policy::Action::create})).value();
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->ttl, 30s);
    EXPECT_EQ(decided->by, "ldap.py");
}

TEST_F(HookGateTest, AsksWithEverythingTheQuestionHolds) {
    ask_all();
    answer_with(hookbox::Abstain{});
    oci::Manifest manifest;
    manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
    std::vector const tags{v1};
    (void)run(box.gate.admit_manifest({ann, team, tags, digest, manifest, 2, "{}", "[]"}));
    std::optional<oci::Digest> const previous = digest;
    std::vector<policy::Referrer> const referrers{{digest.str(), "sig", "{}"}};
    std::vector<std::string> const siblings{"sha256-abc.sig"};
    (void)run(box.gate.admit_tag({ann, team, v1, digest, previous, referrers, siblings}));
    oci::Reference const reference = digest;
    std::vector<std::string> const needing{"v1", "v2"};
    (void)run(box.gate.admit_delete({ann, team, reference, policy::Removed::blob, needing}));
    ASSERT_EQ(asked.size(), 3U);
    auto const& push = std::get<hookbox::ManifestCase>(asked[0].about);
    EXPECT_EQ(push.caller.name, "ann");
    EXPECT_EQ(push.tags, tags);
    EXPECT_EQ(push.bytes, "{}");
    EXPECT_EQ(push.config, "[]");
    EXPECT_EQ(push.media_type, manifest.media_type);
    auto const& move = std::get<hookbox::TagCase>(asked[1].about);
    EXPECT_EQ(move.tag, v1);
    EXPECT_EQ(move.previous, previous);
    EXPECT_EQ(move.referrers.at(0).artifact_type, "sig");
    EXPECT_EQ(move.sibling_tags, siblings);
    auto const& deletion = std::get<hookbox::DeletionCase>(asked[2].about);
    EXPECT_EQ(deletion.kind, policy::Removed::blob);
    EXPECT_EQ(deletion.reference, reference);
    EXPECT_EQ(deletion.tags, needing);
}

TEST_F(HookGateTest, AsksWhichTagsStay) {
    ask_all();
    answer_with(hookbox::Kept{{{"v1", "in_use.py"}}});
    policy::TagHistory history{.repository = team, .at = Time{5s}};
    history.tags.push_back({.name = "v1", .digest = digest, .size = 7, .annotations = {{"k", "v"}}});
    auto const kept = run(box.gate.retain(history)).value();
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].tag, "v1");
    EXPECT_EQ(kept[0].by, "in_use.py");
    EXPECT_EQ(asked.at(0).topic, Topic::retain);
    auto const& about = std::get<hookbox::RetainCase>(asked.at(0).about).history;
    EXPECT_EQ(about.repository, team);
    EXPECT_EQ(about.at, Time{5s});
    EXPECT_EQ(about.tags.at(0).annotations.at("k"), "v");
}

TEST_F(HookGateTest, AFailureToSayWhichTagsStayIsAnError) {
    ask_all();
    answer_with(hookbox::Failure{"it raised", "/etc/ocilot/hooks/in_use.py"});
    policy::TagHistory history{.repository = team};
    auto const kept = run(box.gate.retain(std::move(history)));
    EXPECT_EQ(kept.error().code, Errc::unavailable);
    EXPECT_EQ(kept.error().message, "in_use.py failed at retain");
}

TEST_F(HookGateTest, APermissionIsNoListOfTags) {
    ask_all();
    answer_with(Decision::allow());
    policy::TagHistory history{.repository = team};
    EXPECT_EQ(run(box.gate.retain(std::move(history))).error().code, Errc::unavailable);
}

TEST_F(HookGateTest, AsksWhichImagesAreInUse) {
    ask_all();
    policy::ImagesInUse const own{{"team/app:v1"}, "in_use.py", std::vector<std::string>{"team/**"}};
    answer_with(hookbox::InUse{{own, {{}, "other.py"}}});
    auto const named = run(box.gate.images_in_use(Time{5s})).value();
    ASSERT_EQ(named.size(), 2U);
    EXPECT_EQ(named[0].references, own.references);
    EXPECT_EQ(named[0].by, "in_use.py");
    EXPECT_EQ(named[0].repositories, own.repositories);
    EXPECT_EQ(named[1].repositories, std::nullopt);
    EXPECT_EQ(asked.at(0).topic, Topic::images_in_use);
    EXPECT_EQ(std::get<hookbox::InUseCase>(asked.at(0).about).at, Time{5s});
}

/// Scripts that were removed meanwhile name nothing.
TEST_F(HookGateTest, WithoutAHookNoImageIsInUse) {
    ask_all();
    answer_with(hookbox::Abstain{});
    EXPECT_TRUE(run(box.gate.images_in_use(Time{})).value().empty());
}

TEST_F(HookGateTest, AFailureToNameTheImagesInUseIsAnError) {
    ask_all();
    answer_with(hookbox::Failure{"it raised", "/etc/ocilot/hooks/in_use.py"});
    auto const named = run(box.gate.images_in_use(Time{}));
    EXPECT_EQ(named.error().code, Errc::unavailable);
    EXPECT_EQ(named.error().message, "in_use.py failed at images_in_use");
}

TEST_F(HookGateTest, TagsToKeepAreNoListOfImages) {
    ask_all();
    answer_with(hookbox::Kept{});
    EXPECT_EQ(run(box.gate.images_in_use(Time{})).error().code, Errc::unavailable);
}

TEST_F(HookGateTest, AnswersAnOperatorWithWhatTheHooksSay) {
    EXPECT_EQ(run(box.control.status()).error().code, Errc::not_found) << "nobody runs hooks";
    EXPECT_FALSE(box.mailbox.take(0s));
    answer_with(hookbox::Reply{R"({"scripts":[]})"});
    EXPECT_EQ(run(box.control.status()).value(), R"({"scripts":[]})");
    EXPECT_EQ(run(box.control.reload()).value(), R"({"scripts":[]})");
    EXPECT_EQ(asked.at(1).topic, Topic::reload);
}
