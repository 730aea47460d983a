#include "http/api/event_stream.h"

#include "auth_fixture.h"
#include "http/api/event_filter.h"

#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <thread>

namespace ocilot::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Nothing here waits for a time: only for a commit, or for the end.
constexpr EventStreamTimes patient{.heartbeat = 1h, .look = 1h, .life = 24h};

struct Wanted {
    std::int64_t place = 0;
    std::string query = {};
    std::size_t pieces = 1;
    EventStreamTimes times = patient;
    bool reset = false;
};

class EventStreamTest : public test::AuthTest {
  protected:
    /// Pushes an image of the writer's, made unlike others by `note`.
    void push_image(std::string const& tag, std::string const& note = "",
                    std::string const& name = "team/app") {
        auto const repository = "/v2/" + name;
        auto const config = repository + "/blobs/uploads/?digest=" + sha256("{}");
        EXPECT_EQ(as(basic("writer"), Method::post, config, "{}").status(), 201U);
        EXPECT_EQ(as(basic("writer"), Method::put, repository + "/manifests/" + tag,
                     image(sha256("{}"), note), {{"Content-Type", oci_manifest}})
                      .status(),
                  201U);
    }
    /// What a stream says, piece by piece; `before` is called before each piece with its number.
    Task<std::vector<std::string>> listen(Wanted wanted,
                                          std::function<void(std::size_t, EventStream&)> before) {
        auto const executor = co_await asio::this_coro::executor;
        auto const query = Query::parse(wanted.query).value();
        EventStream stream(*parts, event_filter(query).value(), wanted.place, executor, wanted.times);
        if (wanted.reset) stream.begin_with_reset();
        std::vector<std::string> pieces;
        for (std::size_t i = 0; i < wanted.pieces; ++i) {
            before(i, stream);
            auto piece = co_await stream.next();
            if (!piece) break;
            pieces.push_back(std::move(*piece));
        }
        co_return pieces;
    }
    std::vector<std::string> listened(
        Wanted wanted, std::function<void(std::size_t, EventStream&)> before = [](auto, auto&) {}) {
        return ocilot::test::run(listen(std::move(wanted), std::move(before)));
    }
    std::int64_t last() { return ocilot::test::run(meta->journal().last()).value(); }

    /// The data of all messages.
    static std::vector<nlohmann::json> data_of(std::string_view text) {
        std::vector<nlohmann::json> found;
        for (std::size_t at = 0; (at = text.find("data: ", at)) != text.npos;) {
            auto const end = text.find('\n', at);
            found.push_back(nlohmann::json::parse(text.substr(at + 6, end - at - 6)));
            at = end;
        }
        return found;
    }
    static std::vector<std::string> actions_of(std::string_view text) {
        std::vector<std::string> found;
        for (auto const& event : data_of(text)) found.push_back(event.at("action"));
        return found;
    }
};

TEST_F(EventStreamTest, BeginsWithThePlaceAndThenHasWhatHappened) {
    push_image("v1");
    auto const pieces = listened({.pieces = 2});
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_EQ(pieces[0], "retry: 2000\nid: 0\n\n");
    EXPECT_THAT(actions_of(pieces[1]), ElementsAre("manifest.pushed", "tag.created"));
    auto const id = "id: " + std::to_string(last()) + "\n";
    EXPECT_EQ(pieces[1].find(id), pieces[1].rfind("id: ")) << "once, with the last message of the change";
    EXPECT_GT(pieces[1].find(id), pieces[1].find("manifest.pushed"));
    auto const event = data_of(pieces[1]).at(1);
    EXPECT_EQ(event.at("repository"), "team/app");
    EXPECT_EQ(event.at("tag"), "v1");
    EXPECT_EQ(event.at("sequence"), last());
    EXPECT_EQ(event.at("request").at("method"), "PUT");
    EXPECT_EQ(event.at("request").at("path"), "/v2/team/app/manifests/v1");
}

TEST_F(EventStreamTest, IsWokenByACommit) {
    std::thread pusher;
    auto const pieces = listened({.pieces = 2}, [&](std::size_t number, EventStream&) {
        if (number == 1) pusher = std::thread([&] { push_image("v1"); });
    });
    pusher.join();
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_THAT(actions_of(pieces[1]), ElementsAre("manifest.pushed", "tag.created"));
}

TEST_F(EventStreamTest, ContinuesAfterAPlaceWithoutWhatCameBefore) {
    push_image("v1");
    auto const place = last();
    push_image("v2", "other");
    auto const pieces = listened({.place = place, .pieces = 2});
    EXPECT_EQ(pieces.at(0), "retry: 2000\nid: " + std::to_string(place) + "\n\n");
    auto const events = data_of(pieces.at(1));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].at("tag"), "v2");
}

TEST_F(EventStreamTest, HasOnlyWhatIsWantedAndMovesThePlaceOnOverTheRest) {
    push_image("v1");
    push_image("v1", "", "public/app");
    auto const pieces =
        listened({.query = "repository=public/**&action=tag.*", .pieces = 3, .times = {.heartbeat = 0ms}});
    ASSERT_EQ(pieces.size(), 3U);
    auto const events = data_of(pieces[1]);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at("repository"), "public/app");
    EXPECT_EQ(pieces[2], ":\n\n") << "nothing is new";
    auto const none = listened({.query = "repository=third/**", .pieces = 2, .times = {.heartbeat = 0ms}});
    EXPECT_EQ(none.at(1), "id: " + std::to_string(last()) + "\n\n") << "a message without data is remembered";
}

TEST_F(EventStreamTest, SaysThatEventsHaveExpired) {
    auto const pieces = listened({.place = 7, .reset = true});
    EXPECT_EQ(pieces.at(0), "retry: 2000\nid: 7\n\nevent: reset\nid: 7\ndata: {\"after\":7}\n\n");
}

TEST_F(EventStreamTest, EndsAtOnceWhenTheRegistryStopsAndByItselfAtTheEndOfItsLife) {
    auto const stopped = listened({.pieces = 5}, [](std::size_t number, EventStream& stream) {
        if (number == 1) stream.end();
    });
    EXPECT_EQ(stopped.size(), 1U);
    EXPECT_EQ(listened({.pieces = 5, .times = {.heartbeat = 1h, .look = 1h, .life = 0ms}}).size(), 1U);
}

TEST_F(EventStreamTest, HasBoundedPiecesHoweverMuchThereIs) {
    for (int i = 0; i < 120; ++i) push_image("t" + std::to_string(i), std::to_string(i));
    std::size_t seen = 0;
    auto const pieces = listened({.query = "action=tag.created", .pieces = 4});
    for (auto const& piece : pieces) {
        EXPECT_LT(piece.size(), 80U * 1024);
        seen += data_of(piece).size();
    }
    EXPECT_EQ(seen, 120U);
}

TEST_F(EventStreamTest, LargeChangesThatAreNotWantedHoldNothingUp) {
    meta::Change const large{.kind = meta::ChangeKind::admit,
                             .refused = true,
                             .text = std::string(meta::enough_change_bytes, 'x')};
    auto const place = last();
    ASSERT_TRUE(ocilot::test::run(meta->journal().append({large, large})).has_value());
    push_image("v1");
    auto const pieces = listened({.place = place, .query = "action=tag.created", .pieces = 4});
    ASSERT_EQ(pieces.size(), 4U);
    EXPECT_EQ(pieces[1], "id: " + std::to_string(place + 1) + "\n\n");
    EXPECT_EQ(pieces[2], "id: " + std::to_string(place + 2) + "\n\n");
    EXPECT_THAT(actions_of(pieces[3]), ElementsAre("tag.created"));
}

class Events : public EventStreamTest {
  protected:
    nlohmann::json page(std::string const& query = "") {
        auto const answer = as(basic("boss"), Method::get, "/api/v1/events" + query);
        EXPECT_EQ(answer.status(), 200U) << answer.text;
        link = answer["Link"];
        return nlohmann::json::parse(answer.text);
    }
    std::string link;
};

TEST_F(Events, ArePagesInTheOrderOfTheLog) {
    for (auto const* tag : {"v1", "v2", "v3"}) push_image(tag, tag);
    auto const all = page();
    EXPECT_EQ(all.at("events").size(), 6U) << all;
    EXPECT_EQ(all.at("next"), last());
    EXPECT_EQ(all.at("newest"), last());
    EXPECT_EQ(link, "");
    auto const first = page("?n=3&action=tag.*&action=manifest.pushed");
    EXPECT_EQ(first.at("events").size(), 2U) << "the events of a change stay together";
    EXPECT_EQ(link, "</api/v1/events?after=" + first.at("next").dump() +
                        "&n=3&action=tag.%2A&action=manifest.pushed>; rel=\"next\"");
    auto const second = page("?after=" + first.at("next").dump());
    EXPECT_EQ(second.at("events").size(), 4U);
    EXPECT_TRUE(page("?after=" + std::to_string(last())).at("events").empty());
    EXPECT_EQ(page("?n=0").at("newest"), last());
    EXPECT_EQ(link, "");
    EXPECT_EQ(page("?tag=v2").at("events").size(), 2U);
    EXPECT_EQ(page("?action=*").at("events").size(), 8U) << "with the blob and the repository";
}

TEST_F(Events, OfAPlaceThatTheLogDoesNotKnowAreGone) {
    push_image("v1");
    auto const ahead = as(basic("boss"), Method::get, "/api/v1/events?after=4711");
    EXPECT_EQ(ahead.status(), 410U);
    EXPECT_TRUE(ahead.says("continue with after=")) << ahead.text;
    push_image("v2", "two");
    auto const kept = last();
    ASSERT_TRUE(ocilot::test::run(meta->journal().prune_before(time.now() + 1h, kept, 1000)).has_value());
    auto const behind = as(basic("boss"), Method::get, "/api/v1/events?after=1");
    EXPECT_EQ(behind.status(), 410U);
    EXPECT_TRUE(behind.says("the log has " + std::to_string(kept) + " to " + std::to_string(kept)));
    EXPECT_EQ(page("?after=0").at("events").size(), 2U);
    EXPECT_EQ(page("?after=" + std::to_string(kept - 1)).at("events").size(), 2U);
}

TEST_F(Events, AreAStreamForWhoeverWantsOne) {
    push_image("v1");
    auto const answer =
        as(basic("boss"), Method::head, "/api/v1/events", {}, {{"Accept", "text/event-stream, */*;q=0.1"}});
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(answer["Content-Type"], "text/event-stream");
    EXPECT_EQ(answer["Cache-Control"], "no-store");
    EXPECT_TRUE(std::holds_alternative<std::unique_ptr<LiveBody>>(answer.response.body));
    auto& body = *std::get<std::unique_ptr<LiveBody>>(answer.response.body);
    EXPECT_EQ(ocilot::test::run(body.next()), "retry: 2000\nid: " + std::to_string(last()) + "\n\n")
        << "what comes, not what was";
}

TEST_F(Events, OfUnknownKindsArePointedOut) {
    auto const unknown = as(basic("boss"), Method::get, "/api/v1/events?action=tag.move");
    EXPECT_EQ(unknown.status(), 400U);
    EXPECT_TRUE(unknown.says("tag.moved"));
    EXPECT_EQ(as(basic("boss"), Method::get, "/api/v1/events?repository=/x").status(), 400U);
    EXPECT_EQ(as(basic("boss"), Method::get, "/api/v1/events?after=-1").status(), 400U);
    EXPECT_EQ(as(basic("boss"), Method::get, "/api/v1/events?after=x").status(), 400U);
    EXPECT_EQ(as(basic("boss"), Method::get, "/api/v1/events", {}, {{"Last-Event-ID", "x"}}).status(), 400U);
}

}  // namespace
}  // namespace ocilot::http
