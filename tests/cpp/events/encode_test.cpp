#include "events/encode.h"

#include "events/chat_message.h"
#include "events/distribution_envelope.h"
#include "events/make_change.h"
#include "events/make_events.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::test;
using events::Action;
using events::Format;
using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

events::Source const source{
    .url = "https://registry.example.com", .address = "registry:5000", .instance = "0d6c"};
constexpr auto schema = "https://registry.example.com/api/v1/openapi.json#/components/schemas/Event";

std::optional<events::Payload> encoded(Format format, std::vector<events::Event> const& all) {
    return events::encode({format, all.size() > 1}, all, source);
}

/// With the request as the guard of a server knows it.
std::vector<events::Event> a_pushed(std::string tag = "v1") {
    auto made = events::make_events(a_push(std::move(tag)));
    for (auto& event : made) {
        event.method = "PUT";
        event.host = "registry.example.com";
        event.user_agent = "docker/28";
    }
    return made;
}

std::string text_of(Format format, std::vector<events::Event> const& all) {
    auto const payload = encoded(format, all);
    return payload ? payload->body : "";
}

}  // namespace

TEST(DistributionEnvelope, IsWhatExistingReceiversParse) {
    auto const made = a_pushed();
    auto const payload = encoded(Format::distribution, {made[0]});
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->content_type, "application/vnd.docker.distribution.events.v1+json");
    EXPECT_EQ(payload->body, R"({
   "events": [
      {
         "id": ")" + made[0].id +
                                 R"(",
         "timestamp": ")" + rfc3339(made[0].time) +
                                 R"(",
         "action": "push",
         "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": 1234,
            "digest": "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "length": 1234,
            "repository": "team/app",
            "url": "https://registry.example.com/v2/team/app/manifests/sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "tag": "v1"
         },
         "request": {
            "id": "5f2a",
            "addr": "192.0.2.1",
            "host": "registry.example.com",
            "method": "PUT",
            "useragent": "docker/28"
         },
         "actor": {
            "name": "ann"
         },
         "source": {
            "addr": "registry:5000",
            "instanceID": "0d6c"
         }
      }
   ]
})");
    EXPECT_EQ(encoded(Format::distribution, {made[1]}), std::nullopt) << "the push has named the tag";
}

TEST(DistributionEnvelope, ADeleteTellsTheDigestAndEachTagAlone) {
    auto change = a_push();
    change.kind = meta::ChangeKind::manifest_delete;
    std::vector<Json> targets;
    for (auto const& event : events::make_events(change)) {
        auto const json = Json::parse(text_of(Format::distribution, {event}));
        EXPECT_EQ(json["events"][0]["action"], "delete");
        targets.push_back(json["events"][0]["target"]);
    }
    ASSERT_EQ(targets.size(), 2U);
    EXPECT_EQ(targets[1]["tag"], "v1");
    EXPECT_EQ(targets[0]["digest"], change.digest);
    EXPECT_FALSE(targets[1].contains("digest")) << "receivers would take the manifest for deleted";
    for (auto const& target : targets) EXPECT_FALSE(target.contains("size"));
}

TEST(DistributionEnvelope, ABlobIsAnOctetStreamAndAMountNamesItsSource) {
    meta::Change const mount{.kind = meta::ChangeKind::blob_mount,
                             .repository = "b",
                             .digest = "sha256:1",
                             .size = 5,
                             .details = {.source = "a"}};
    auto const json = Json::parse(text_of(Format::distribution, events::make_events(mount)))["events"][0];
    EXPECT_EQ(json["action"], "mount");
    EXPECT_EQ(json["target"]["mediaType"], "application/octet-stream");
    EXPECT_EQ(json["target"]["fromRepository"], "a");
    EXPECT_EQ(json["target"]["url"], "https://registry.example.com/v2/b/blobs/sha256:1");
}

TEST(DistributionEnvelope, PullsUnderANameAreOnePull) {
    auto const change = a_pull();
    auto const json = Json::parse(text_of(Format::distribution, events::make_events(change)))["events"];
    ASSERT_EQ(json.size(), 1U);
    EXPECT_EQ(json[0]["action"], "pull");
    auto const& target = json[0]["target"];
    EXPECT_EQ(target["mediaType"], change.media_type);
    EXPECT_EQ(target["size"], 1234);
    EXPECT_EQ(target["digest"], change.digest);
    EXPECT_EQ(target["repository"], "team/app");
    EXPECT_EQ(target["tag"], "v1");
    EXPECT_EQ(target["url"], "https://registry.example.com/v2/team/app/manifests/" + change.digest);
    EXPECT_EQ(json[0]["actor"]["name"], "");
}

TEST(CloudEvents, OfPullsSayHowMany) {
    auto const json = Json::parse(text_of(Format::cloudevents, events::make_events(a_pull())));
    EXPECT_EQ(json["type"], "dev.ocilot.pulled.v1");
    EXPECT_EQ(json["subject"], "team/app:v1");
    EXPECT_EQ(json["data"]["times"], 3);
}

TEST(ChatMessages, OfPullsNameNobody) {
    EXPECT_EQ(events::chat_line(events::make_events(a_pull()).at(0)),
              "team/app:v1 was pulled 3 times (sha256:0a1b2c3d4e5f)");
    auto once = a_pull();
    once.times = 1;
    EXPECT_EQ(events::chat_line(events::make_events(once).at(0)),
              "team/app:v1 was pulled once (sha256:0a1b2c3d4e5f)");
}

TEST(ChatMessages, OfJobsAgreeWithTheirCounts) {
    events::Event event{.action = Action::collection_finished,
                        .counts = {{"manifests", 1}, {"blobs", 2}, {"bytes", 0}}};
    EXPECT_EQ(events::chat_line(event),
              "the garbage collection removed content, 1 manifest, 2 blobs, 0 bytes");
}

TEST(DistributionEnvelope, AManifestWithSeveralTagsIsAnEventForEach) {
    auto change = a_push();
    change.details.tags = {{"a", ""}, {"b", "sha256:old"}};
    auto const made = events::make_events(change);
    auto const json = Json::parse(text_of(Format::distribution, {made[0]}))["events"];
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["target"]["tag"], "a");
    EXPECT_EQ(json[1]["target"]["tag"], "b");
    EXPECT_NE(json[0]["id"], json[1]["id"]);
}

TEST(CloudEvents, AreStructured) {
    auto const made = a_pushed();
    auto const payload = encoded(Format::cloudevents, {made[1]});
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->content_type, "application/cloudevents+json; charset=utf-8");
    EXPECT_EQ(payload->id, made[1].id);
    auto const json = Json::parse(payload->body);
    EXPECT_EQ(json["specversion"], "1.0");
    EXPECT_EQ(json["id"], made[1].id);
    EXPECT_EQ(json["source"], "https://registry.example.com");
    EXPECT_EQ(json["type"], "dev.ocilot.tag.created.v1");
    EXPECT_EQ(json["subject"], "team/app:v1");
    EXPECT_EQ(json["sequence"], "00000000000000000042");
    EXPECT_EQ(json["partitionkey"], "team/app");
    EXPECT_EQ(json["dataschema"], schema);
    EXPECT_EQ(json["datacontenttype"], "application/json");
    EXPECT_EQ(json["data"]["digest"], made[1].digest);
}

TEST(CloudEvents, AreBinaryWithAttributesInHeaders) {
    auto made = a_pushed();
    made[0].by.name = "bj\xc3\xb6rn \"x\"";
    made[0].tag = "";
    auto const payload = encoded(Format::cloudevents_binary, {made[0]});
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->content_type, "application/json");
    EXPECT_EQ(Json::parse(payload->body)["actor"]["name"], made[0].by.name);
    std::vector<std::string> lines;
    for (auto const& [name, value] : payload->headers) lines.push_back(name + ": " + value);
    EXPECT_THAT(
        lines,
        ElementsAre("ce-specversion: 1.0", "ce-id: " + made[0].id, "ce-source: https://registry.example.com",
                    "ce-type: dev.ocilot.manifest.pushed.v1", "ce-time: " + rfc3339(made[0].time),
                    "ce-subject: team/app@" + made[0].digest, "ce-sequence: 00000000000000000042",
                    "ce-partitionkey: team/app", std::string("ce-dataschema: ") + schema));
}

TEST(CloudEvents, CarryTheTraceOfTheRequest) {
    constexpr auto trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    auto change = a_push();
    RequestRecord::Parts const parts{.method = "PUT", .traceparent = trace};
    change.by.http = std::make_shared<RequestRecord const>(parts);
    auto const made = events::make_events(change);
    for (auto const& event : made) {
        auto const structured = Json::parse(text_of(Format::cloudevents, {event}));
        EXPECT_EQ(structured["traceparent"], trace);
        EXPECT_FALSE(structured["data"].contains("traceparent"));
        EXPECT_FALSE(structured["data"]["request"].contains("traceparent"));
        auto const binary = encoded(Format::cloudevents_binary, {event});
        EXPECT_THAT(binary->headers, ::testing::Contains(::testing::Pair("ce-traceparent", trace)));
    }
    EXPECT_EQ(Json::parse(text_of(Format::cloudevents, made))[1]["traceparent"], trace);
    EXPECT_FALSE(Json::parse(text_of(Format::cloudevents, {a_pushed()[0]})).contains("traceparent"));
}

TEST(CloudEvents, NameTheirSchemaWhereTheRegistryIsReached) {
    auto const schema_with = [](events::Source const& from, bool requested) {
        auto event = a_pushed().at(0);
        if (!requested) event.host.clear();
        auto const payload = events::encode({Format::cloudevents}, std::span(&event, 1), from);
        return Json::parse(payload->body).value("dataschema", "");
    };
    constexpr auto below = "/api/v1/openapi.json#/components/schemas/Event";
    EXPECT_EQ(schema_with({}, true), std::string("http://registry.example.com") + below);
    EXPECT_EQ(schema_with({.prefix = "/registry/"}, true),
              std::string("http://registry.example.com/registry") + below);
    EXPECT_EQ(schema_with({.url = "https://a.example/b/", .prefix = "c"}, false),
              std::string("https://a.example/b/c") + below);
    EXPECT_EQ(schema_with({.prefix = "/registry/", .instance = "0d6c"}, false), "");
}

TEST(CloudEvents, SeveralAreABatch) {
    auto const made = a_pushed();
    auto const payload = encoded(Format::cloudevents, made);
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->content_type, "application/cloudevents-batch+json; charset=utf-8");
    EXPECT_EQ(Json::parse(payload->body).size(), 2U);
    EXPECT_THAT(payload->id, ::testing::StartsWith(made[0].id + "+"));
    EXPECT_EQ(payload->id.size(), made[0].id.size() + 33);
    EXPECT_EQ(encoded(Format::cloudevents, made)->id, payload->id);
    auto other = made;
    other[1].id.back() = other[1].id.back() == '0' ? '1' : '0';
    EXPECT_NE(encoded(Format::cloudevents, other)->id, payload->id) << "another batch of as many events";
    auto const one = events::encode({Format::cloudevents, true}, std::span(made).first(1), source);
    EXPECT_TRUE(Json::parse(one->body).is_array()) << "the same for one: receivers expect a batch";
}

TEST(ChatMessages, TellAPushInOneLine) {
    EXPECT_EQ(text_of(Format::slack, a_pushed()),
              R"-({"text":"ann pushed team/app:v1 (sha256:0a1b2c3d4e5f)"})-");
    auto const teams = Json::parse(text_of(Format::teams, a_pushed()));
    EXPECT_EQ(teams["type"], "message");
    auto const& card = teams["attachments"][0];
    EXPECT_EQ(card["contentType"], "application/vnd.microsoft.card.adaptive");
    EXPECT_EQ(card["content"]["type"], "AdaptiveCard");
    EXPECT_EQ(card["content"]["body"][0]["text"], "ann pushed team/app:v1 \\(sha256:0a1b2c3d4e5f\\)");
    auto const discord = Json::parse(text_of(Format::discord, a_pushed()));
    EXPECT_EQ(discord["content"], "ann pushed team/app:v1 \\(sha256:0a1b2c3d4e5f\\)");
    EXPECT_TRUE(discord["allowed_mentions"]["parse"].empty());
}

TEST(ChatMessages, SayNothingOfContentWithoutATag) {
    for (auto const format : {Format::slack, Format::teams, Format::discord}) {
        EXPECT_EQ(text_of(format, a_pushed("")), "") << "the platforms of an image, signatures";
    }
}

TEST(ChatMessages, TextsOfClientsAreNoMarkup) {
    auto made = a_pushed();
    made[0].by.name = "<!channel> & @everyone *x*\n";
    EXPECT_THAT(text_of(Format::slack, {made[0]}), HasSubstr("&lt;!channel&gt; &amp; @everyone *x*  pushed"));
    EXPECT_THAT(Json::parse(text_of(Format::discord, {made[0]}))["content"].get<std::string>(),
                HasSubstr("\\*x\\*"));
}

TEST(ChatMessages, AreCutToWhatServicesAccept) {
    std::vector<events::Event> many;
    for (int i = 0; i < 100; ++i) {
        many.push_back({.action = Action::refused, .reason = std::string(100, 'x') + "\xc3\xb6"});
    }
    auto const text = Json::parse(text_of(Format::discord, many))["content"].get<std::string>();
    EXPECT_LE(text.size(), 2000U);
    EXPECT_THAT(text, HasSubstr(" …"));
}

TEST(ChatMessages, EveryActionThatIsToldHasALine) {
    for (int i = 0; i <= static_cast<int>(Action::webhook_test); ++i) {
        auto const action = static_cast<Action>(i);
        events::Event const event{.action = action, .repository = "a", .tag = "t", .renamed_from = "b"};
        bool const silent = action == Action::tag_created || action == Action::tag_moved ||
                            action == Action::blob_pushed || action == Action::blob_mounted ||
                            action == Action::blob_deleted || action == Action::blob_restored ||
                            action == Action::collected;
        EXPECT_EQ(events::chat_line(event).empty(), silent) << to_string(action);
    }
}

TEST(Formats, TellWhatTheyHaveWordsFor) {
    auto const made = a_pushed();
    EXPECT_TRUE(events::is_told(Format::cloudevents, made[1]));
    EXPECT_TRUE(events::is_told(Format::distribution, made[0]));
    EXPECT_FALSE(events::is_told(Format::distribution, made[1]));
    EXPECT_TRUE(events::is_told(Format::slack, made[0]));
    EXPECT_FALSE(events::is_told(Format::slack, a_pushed("")[0]));
}

TEST(Formats, HaveWordsOfTheirOwn) {
    for (auto const format : {Format::distribution, Format::cloudevents, Format::cloudevents_binary,
                              Format::slack, Format::teams, Format::discord}) {
        EXPECT_EQ(events::parse_format(to_string(format)), format);
        EXPECT_EQ(events::is_chat(format), format >= Format::slack);
    }
    EXPECT_EQ(events::parse_format("xml"), std::nullopt);
}
