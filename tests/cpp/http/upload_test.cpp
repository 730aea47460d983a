#include "app_fixture.h"

namespace ocilot::http {
namespace {

class Uploads : public test::AppTest {
  protected:
    Answer patch(std::string const& location, std::string_view text, std::string_view range = {}) {
        test::Headers headers;
        if (!range.empty()) headers.emplace_back("Content-Range", range);
        return ask(Method::patch, location, headers, text);
    }
    Answer finish(std::string const& location, std::string const& digest, std::string_view text = {},
                  std::string_view range = {}) {
        test::Headers headers;
        if (!range.empty()) headers.emplace_back("Content-Range", range);
        return ask(Method::put, location + "?digest=" + digest, headers, text);
    }
    std::string range_of(std::string const& location) { return get(location)["Range"]; }
};

TEST_F(Uploads, StartWithEverythingAClientNeeds) {
    for (auto const* path : {"/v2/a/blobs/uploads/", "/v2/a/blobs/uploads",
                             "/v2/a/blobs/uploads/?mount=", "/v2/a/blobs/uploads/?ns=x"}) {
        if (std::string_view(path).ends_with("mount=")) {
            EXPECT_EQ(ask(Method::post, path).status(), 400U);
            continue;
        }
        auto const answer = ask(Method::post, path);
        EXPECT_EQ(answer.status(), 202U);
        EXPECT_EQ(answer["Range"], "0-0");
        EXPECT_TRUE(answer["Location"].starts_with("http://r.test/v2/a/blobs/uploads/" +
                                                   answer["Docker-Upload-UUID"]))
            << answer["Location"];
        EXPECT_EQ(answer.response.content_length, 0U);
    }
}

TEST_F(Uploads, TakeAStreamOfUnknownLength) {
    auto const location = start();
    chunked = true;
    auto const answer = patch(location, "hello world");
    EXPECT_EQ(answer.status(), 202U);
    EXPECT_EQ(answer["Range"], "0-10");
    EXPECT_EQ(path_of(answer["Location"]), location);
    auto const done = finish(location, sha256("hello world"));
    EXPECT_EQ(done.status(), 201U);
    EXPECT_EQ(done["Docker-Content-Digest"], sha256("hello world"));
    EXPECT_EQ(get(path_of(done["Location"])).text, "hello world");
    EXPECT_EQ(get(location).status(), 404U);
}

TEST_F(Uploads, TakeChunksInOrder) {
    auto const location = start();
    EXPECT_EQ(patch(location, "hello", "0-4")["Range"], "0-4");
    EXPECT_EQ(patch(location, " ", "5-5")["Range"], "0-5");
    auto const status = get(location);
    EXPECT_EQ(status.status(), 204U);
    EXPECT_EQ(status["Range"], "0-5");
    EXPECT_EQ(path_of(status["Location"]), location);
    EXPECT_EQ(finish(location, sha512("hello world"), "world", "6-10").status(), 201U);
    EXPECT_EQ(get("/v2/team/app/blobs/" + sha512("hello world")).text, "hello world");
}

TEST_F(Uploads, OutOfOrderTellsWhereToGoOn) {
    auto const location = start();
    auto const early = patch(location, "0123456789", "5-14");
    EXPECT_EQ(early.status(), 416U);
    EXPECT_EQ(early["Range"], "0-0");
    EXPECT_EQ(path_of(early["Location"]), location);
    EXPECT_EQ(patch(location, "0123456789", "0-9").status(), 202U);
    auto const again = patch(location, "0123456789", "0-9");
    EXPECT_EQ(again.status(), 416U);
    EXPECT_EQ(again["Range"], "0-9");
    EXPECT_TRUE(again.says("RANGE_INVALID"));
    auto const last = finish(location, sha256("0123456789ab"), "ab", "20-21");
    EXPECT_EQ(last.status(), 416U);
    EXPECT_EQ(last["Range"], "0-9");
    EXPECT_EQ(finish(location, sha256("0123456789ab"), "ab", "10-11").status(), 201U);
}

TEST_F(Uploads, BadContentRangesChangeNothing) {
    auto const location = start();
    patch(location, "0123456789");
    for (auto const* range : {"10-5", "10-99999999999999999999", "x-y", "-5--1", "10"}) {
        auto const answer = patch(location, "abc", range);
        EXPECT_EQ(answer.status(), 400U) << range;
        EXPECT_TRUE(answer.says("SIZE_INVALID")) << range;
    }
    EXPECT_EQ(patch(location, "abc", "10-30").status(), 400U);
    EXPECT_EQ(ask(Method::patch, location, {{"Content-Range", "10-12"}, {"Content-Range", "10-12"}}, "abc")
                  .status(),
              400U);
    EXPECT_EQ(range_of(location), "0-9");
}

TEST_F(Uploads, AStreamThatIsNotAsLongAsItsContentRangeChangesNothing) {
    auto const location = start();
    patch(location, "0123456789");
    chunked = true;
    for (auto const* range : {"10-30", "10-11"}) {
        auto const refused = patch(location, "abc", range);
        EXPECT_EQ(refused.status(), 400U) << range;
        EXPECT_TRUE(refused.says("SIZE_INVALID")) << range;
        EXPECT_EQ(refused["Range"], "0-9") << range;
        EXPECT_EQ(path_of(refused["Location"]), location);
        auto const last = finish(location, sha256("0123456789abc"), "abc", range);
        EXPECT_EQ(last.status(), 400U) << range;
        EXPECT_EQ(last["Range"], "0-9") << range;
        EXPECT_EQ(range_of(location), "0-9") << range;
    }
    EXPECT_EQ(patch(location, "abc", "10-12")["Range"], "0-12");
    EXPECT_EQ(finish(location, sha256("0123456789abc")).status(), 201U);
}

TEST_F(Uploads, InOneRequest) {
    for (bool const streamed : {false, true}) {
        chunked = streamed;
        auto const digest = streamed ? sha512("whole") : sha256("whole");
        auto const answer = ask(Method::post, "/v2/a/blobs/uploads/?digest=" + digest, {}, "whole");
        EXPECT_EQ(answer.status(), 201U);
        EXPECT_EQ(answer["Docker-Content-Digest"], digest);
        EXPECT_EQ(get(path_of(answer["Location"])).text, "whole");
    }
    for (auto const& digest : {sha256("other"), std::string("sha256:x"), std::string("md5:1")}) {
        auto const wrong = ask(Method::post, "/v2/a/blobs/uploads/?digest=" + digest, {}, "whole");
        EXPECT_EQ(wrong.status(), 400U);
        EXPECT_TRUE(wrong.says("DIGEST_INVALID"));
    }
    EXPECT_EQ(ask(Method::post, "/v2/a/blobs/uploads/?digest=" + sha256("something")).status(), 400U);
    EXPECT_EQ(get("/v2/a/blobs/" + sha256("other")).status(), 404U);
}

TEST_F(Uploads, ClosedInTheOneRequestAfterStarting) {
    EXPECT_EQ(finish(start(), sha256("monolith"), "monolith").status(), 201U);
    EXPECT_EQ(finish(start(), sha256("")).status(), 201U);
}

TEST_F(Uploads, WrongDigestsStoreNothing) {
    auto const location = start();
    patch(location, "data");
    auto const wrong = finish(location, sha256("other"));
    EXPECT_EQ(wrong.status(), 400U);
    EXPECT_TRUE(wrong.says("DIGEST_INVALID"));
    for (auto const& digest : {sha256("data"), sha256("other")}) {
        EXPECT_EQ(get("/v2/team/app/blobs/" + digest).status(), 404U);
    }
    EXPECT_EQ(ask(Method::put, location).status(), 400U);
    EXPECT_EQ(finish(location, "sha256:bad").status(), 400U);
    EXPECT_EQ(finish(location, sha256("data")).status(), 201U);
}

TEST_F(Uploads, TheAlgorithmMayBeChosen) {
    auto const location = start("a", "?digest-algorithm=sha512");
    EXPECT_EQ(finish(location, sha512("x"), "x").status(), 201U);
    auto const unknown = ask(Method::post, "/v2/a/blobs/uploads/?digest-algorithm=md5");
    EXPECT_EQ(unknown.status(), 400U);
    EXPECT_TRUE(unknown.says("DIGEST_INVALID"));
}

TEST_F(Uploads, CanBeCancelledOnce) {
    auto const location = start();
    patch(location, "data");
    EXPECT_EQ(ask(Method::del, location).status(), 204U);
    for (auto const method : {Method::get, Method::patch, Method::del}) {
        auto const answer = ask(method, location);
        EXPECT_EQ(answer.status(), 404U);
        EXPECT_TRUE(answer.says("BLOB_UPLOAD_UNKNOWN"));
    }
    EXPECT_EQ(finish(location, sha256("data")).status(), 404U);
}

TEST_F(Uploads, BelongToTheirRepository) {
    auto const id = start("a").substr(std::string_view("/v2/a/blobs/uploads/").size());
    EXPECT_EQ(patch("/v2/b/blobs/uploads/" + id, "x").status(), 404U);
    EXPECT_EQ(get("/v2/a/blobs/uploads/" + id).status(), 204U);
    for (auto const* bad : {"x", "../../etc", "11111111-1111-4111-8111-11111111111G"}) {
        EXPECT_EQ(get("/v2/a/blobs/uploads/" + std::string(bad)).status(), 404U) << bad;
    }
}

class Mounts : public test::AppTest {
  protected:
    Answer mount(std::string const& query) { return ask(Method::post, "/v2/target/blobs/uploads/?" + query); }
};

TEST_F(Mounts, MoveNoByte) {
    auto const digest = push("layer", "source/repo");
    for (auto const& query :
         {"mount=" + digest + "&from=source/repo", "from=source%2Frepo&mount=" + digest + "&origin=x"}) {
        auto const answer = mount(query);
        EXPECT_EQ(answer.status(), 201U) << query;
        EXPECT_EQ(answer["Docker-Content-Digest"], digest);
        EXPECT_EQ(get(path_of(answer["Location"])).text, "layer");
    }
}

TEST_F(Mounts, ThatCannotBeStartAnUpload) {
    auto const digest = push("layer", "source");
    for (auto const& query :
         {"mount=" + sha256("none"), "mount=" + digest + "&from=missing", "mount=" + digest + "&from=..%2Fx",
          "mount=" + sha256("none") + "&from=source", "mount=" + digest + "&from="}) {
        auto const answer = mount(query);
        EXPECT_EQ(answer.status(), 202U) << query;
        EXPECT_EQ(answer["Range"], "0-0");
        EXPECT_FALSE(answer["Location"].empty());
    }
    EXPECT_EQ(mount("mount=sha256:bad&from=source").status(), 400U);
    EXPECT_EQ(get("/v2/target/blobs/" + digest).status(), 404U);
}

TEST_F(Mounts, NeedThePullOfTheSource) {
    auto const digest = push("layer", "source");
    gate = &strict_gate;
    rebuild();
    strict_gate.closed = {{"source", policy::Action::pull}};
    EXPECT_EQ(mount("mount=" + digest + "&from=source").status(), 202U);
    strict_gate.closed.clear();
    EXPECT_EQ(mount("mount=" + digest + "&from=source").status(), 201U);
}

TEST_F(Mounts, WithoutASourceTakeAnyRepositoryTheCallerMayRead) {
    auto const digest = push("layer", "first");
    push("layer", "second");
    auto const answer = mount("mount=" + digest);
    EXPECT_EQ(answer.status(), 201U);
    EXPECT_EQ(answer["Docker-Content-Digest"], digest);
    EXPECT_EQ(path_of(answer["Location"]), "/v2/target/blobs/" + digest);
    EXPECT_EQ(get(path_of(answer["Location"])).text, "layer");
}

TEST_F(Mounts, WithoutASourceAskNoHookAndTellNothingOfWhoHoldsTheBlob) {
    auto const digest = push("layer", "r0");
    for (int i = 1; i < 101; ++i) push("layer", fmt::format("r{}", i));
    gate = &strict_gate;
    rebuild();
    auto const hidden = mount("mount=" + digest);
    auto const unknown = mount("mount=" + sha256("none"));
    EXPECT_EQ(strict_gate.asked_to_pull, 0) << "their number and their time would tell";
    for (auto const* answer : {&hidden, &unknown}) {
        EXPECT_EQ(answer->status(), 202U);
        EXPECT_EQ((*answer)["Range"], "0-0");
        EXPECT_EQ(answer->text, "");
    }
    EXPECT_EQ(hidden.response.headers.size(), unknown.response.headers.size());
    EXPECT_EQ(get("/v2/target/blobs/" + digest).status(), 404U);
}

TEST_F(Mounts, AreAdmittedLikeUploads) {
    auto const digest = push("layer", "source");
    push("layer", "second");
    gate = &strict_gate;
    rebuild();
    strict_gate.refuses_blobs = true;
    for (auto const& query : {"mount=" + digest, "mount=" + digest + "&from=source"}) {
        EXPECT_EQ(mount(query).status(), 202U) << query;
    }
    EXPECT_EQ(get("/v2/target/blobs/" + digest).status(), 404U);
}

}  // namespace
}  // namespace ocilot::http
