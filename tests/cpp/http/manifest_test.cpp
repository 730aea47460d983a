#include "app_fixture.h"

namespace ocilot::http {
namespace {

class Manifests : public test::AppTest {
  protected:
    static constexpr std::string_view root = "/v2/team/app/manifests/";
    static std::string at(std::string_view reference) { return std::string(root).append(reference); }
};

TEST_F(Manifests, ComeBackByteForByte) {
    auto const bytes = push_image("v1");
    auto const digest = sha256(bytes);
    for (auto const& reference : {std::string("v1"), digest}) {
        auto const answer = get(at(reference));
        EXPECT_EQ(answer.status(), 200U);
        EXPECT_EQ(answer.text, bytes);
        EXPECT_EQ(answer["Content-Type"], oci_manifest);
        EXPECT_EQ(answer["Docker-Content-Digest"], digest);
        EXPECT_EQ(answer["ETag"], '"' + digest + '"');
        auto const head = ask(Method::head, at(reference));
        EXPECT_EQ(head.status(), 200U);
        EXPECT_EQ(head.response.content_length, bytes.size());
        EXPECT_EQ(head["Docker-Content-Digest"], digest);
        EXPECT_EQ(head["Content-Type"], oci_manifest);
    }
    EXPECT_EQ(get(at("v1"))["Cache-Control"], "no-cache");
    EXPECT_EQ(get(at(digest))["Cache-Control"], "max-age=31536000, immutable");
}

TEST_F(Manifests, PushTellsWhereItIs) {
    auto const bytes = image(push("{}"));
    auto const answer = put("v1", bytes);
    EXPECT_EQ(answer.status(), 201U);
    EXPECT_EQ(answer["Docker-Content-Digest"], sha256(bytes));
    EXPECT_EQ(get(path_of(answer["Location"])).text, bytes);
}

TEST_F(Manifests, KnownOnesAreNotSentAgain) {
    auto const digest = sha256(push_image("v1"));
    auto const tag = '"' + digest + '"';
    auto const answer = get(at("v1"), {{"If-None-Match", tag}});
    EXPECT_EQ(answer.status(), 304U);
    EXPECT_EQ(answer.text, "");
    EXPECT_EQ(answer["ETag"], tag);
    EXPECT_EQ(ask(Method::head, at("v1"), {{"If-None-Match", tag}}).status(), 304U);
    EXPECT_EQ(get(at("v1"), {{"If-None-Match", "\"other\""}}).status(), 200U);
}

TEST_F(Manifests, AreNeverConverted) {
    push_image("v1");
    auto const other = get(at("v1"), {{"Accept", "application/vnd.docker.distribution.manifest.v2+json"}});
    EXPECT_EQ(other.status(), 200U) << "a preference never makes a manifest unknown";
    EXPECT_EQ(other["Content-Type"], oci_manifest);
    EXPECT_EQ(get(at("v1"), {{"Accept", "*/*"}}).status(), 200U);
}

TEST_F(Manifests, HeadAlwaysTellsTheDigestThatDeleteTakes) {
    auto const bytes = push_image("v1");
    auto const head =
        ask(Method::head, at("v1"), {{"Accept", "application/vnd.docker.distribution.manifest.v2+json"}});
    EXPECT_EQ(head.status(), 200U);
    EXPECT_EQ(head["Docker-Content-Digest"], sha256(bytes));
    EXPECT_EQ(ask(Method::del, at(head["Docker-Content-Digest"])).status(), 202U);
    EXPECT_EQ(ask(Method::head, at("v1")).status(), 404U);
}

TEST_F(Manifests, ThatAreMissingAreUnknown) {
    for (auto const method : {Method::get, Method::head, Method::del}) {
        auto const answer = ask(method, at("nope"));
        EXPECT_EQ(answer.status(), 404U);
        EXPECT_TRUE(answer.says("_UNKNOWN"));
        EXPECT_EQ(ask(method, at(sha256("nope"))).status(), 404U);
    }
}

TEST_F(Manifests, BadReferencesAreRefused) {
    auto const bytes = image(push("{}"));
    for (auto const* tag : {".x", "-x", "a+b", "a%20b"}) {
        EXPECT_EQ(put(tag, bytes).status(), 400U) << tag;
    }
    EXPECT_TRUE(put(std::string(129, 'a'), bytes).says("TAG_INVALID"));
    for (auto const& digest :
         {std::string("sha256:baddigeststring"), "md5:" + std::string(32, 'a'),
          "sha256:" + std::string(64, 'A'), "sha512:" + std::string(64, 'a'), sha256("other")}) {
        auto const answer = put(digest, bytes);
        EXPECT_EQ(answer.status(), 400U) << digest;
        EXPECT_TRUE(answer.says("DIGEST_INVALID")) << digest;
    }
    EXPECT_EQ(get(at("sha256:baddigeststring")).status(), 400U);
    EXPECT_EQ(get("/v2/team/app/tags/list").text, R"({"name":"team/app","tags":[]})");
}

TEST_F(Manifests, TypesAreCheckedAndStoredBare) {
    auto const bytes = image(push("{}"));
    auto const with_type = [&](std::string_view type) {
        return ask(Method::put, at("v1"), {{"Content-Type", type}}, bytes).status();
    };
    EXPECT_EQ(with_type("text/plain"), 400U);
    EXPECT_EQ(with_type("nonsense"), 400U);
    EXPECT_EQ(with_type(oci_index), 400U);
    EXPECT_EQ(with_type(std::string(oci_manifest) + "; charset=utf-8"), 201U);
    EXPECT_EQ(get(at("v1"))["Content-Type"], oci_manifest);
    EXPECT_EQ(ask(Method::put, at("v2"), {}, bytes).status(), 201U);
}

TEST_F(Manifests, BadBodiesAreRefused) {
    for (auto const* text : {"null", "[]", "", "{}", "{\"a\":1}}", "\xEF\xBB\xBF{}"}) {
        auto const answer = put("v1", text);
        EXPECT_EQ(answer.status(), 400U) << text;
        EXPECT_TRUE(answer.says("MANIFEST_INVALID")) << text;
    }
}

TEST_F(Manifests, EveryMissingBlobIsNamed) {
    auto const blob = [](std::string const& digest) {
        return fmt::format(R"({{"mediaType":"application/x","digest":"{}","size":1}})", digest);
    };
    auto const bytes = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                                   oci_manifest, blob(sha256("one")), blob(sha256("two")));
    auto const answer = put("v1", bytes);
    EXPECT_EQ(answer.status(), 400U);
    EXPECT_TRUE(answer.says(fmt::format(R"("detail":"{}")", sha256("one"))));
    EXPECT_TRUE(answer.says(fmt::format(R"("detail":"{}")", sha256("two"))));
    EXPECT_TRUE(answer.says(R"("code":"MANIFEST_BLOB_UNKNOWN")"));
}

TEST_F(Manifests, OverTheLimitAreCutOff) {
    auto const bytes = image(push("{}"));
    rules.manifest_limit = bytes.size();
    rebuild();
    EXPECT_EQ(put("v1", bytes).status(), 201U);
    auto const longer = put("v2", bytes + ' ');
    EXPECT_EQ(longer.status(), 413U);
    EXPECT_TRUE(longer.says("MANIFEST_INVALID"));
    EXPECT_EQ(reads, 0);
    chunked = true;
    EXPECT_EQ(put("v1", bytes).status(), 201U);
    auto const endless = put("v2", std::string(1'000'000, ' '));
    EXPECT_EQ(endless.status(), 413U);
    EXPECT_TRUE(endless.response.close);
    EXPECT_LE(reads, 2);
    EXPECT_EQ(get(at("v2")).status(), 404U);
}

TEST_F(Manifests, LargeOnesArriveWholeHoweverTheyAreSent) {
    auto const bytes = image(push("{}"), std::string(300'000, 'x'));
    EXPECT_EQ(put("long", bytes).status(), 201U);
    chunked = true;
    EXPECT_EQ(put("streamed", bytes).status(), 201U);
    EXPECT_EQ(get(at("streamed")).text, bytes);
}

TEST_F(Manifests, ByDigestTakeSeveralTags) {
    auto const bytes = image(push("{}"));
    auto const digest = sha512(bytes);
    auto const answer = put(digest + "?tag=a&tag=b&tag=a", bytes);
    EXPECT_EQ(answer.status(), 201U);
    EXPECT_EQ(test::values(answer.response, "OCI-Tag"), (std::vector<std::string>{"a, b"}));
    EXPECT_EQ(answer["Docker-Content-Digest"], digest);
    EXPECT_EQ(get(at("b"))["Docker-Content-Digest"], digest);
    EXPECT_EQ(put(sha256(bytes) + "?tag=ok&tag=-bad", bytes).status(), 400U);
    EXPECT_EQ(get(at("ok")).status(), 404U);
}

TEST_F(Manifests, MoveTagsUnderConditions) {
    auto const first = image(push("{}"), "first");
    auto const second = image(sha256("{}"), "second");
    auto const put_if = [&](std::string const& reference, std::string_view name, std::string const& value,
                            std::string const& bytes) {
        return ask(Method::put, at(reference), {{"Content-Type", oci_manifest}, {name, value}}, bytes);
    };
    EXPECT_EQ(put_if("v1", "If-Match", "*", first).status(), 412U);
    EXPECT_EQ(get(at(sha256(first))).status(), 404U) << "nothing is stored";
    EXPECT_EQ(put_if("v1", "If-None-Match", "*", first).status(), 201U);
    auto const refused = put_if("v1", "If-None-Match", "*", second);
    EXPECT_EQ(refused.status(), 412U);
    EXPECT_TRUE(refused.says(R"({"errors":[{"code":"UNKNOWN","message":"tag v1 )")) << refused.text;
    EXPECT_EQ(put_if("v1", "If-Match", sha256(second), second).status(), 412U);
    EXPECT_EQ(put_if("v1", "If-Match", '"' + sha256(first) + '"', second).status(), 201U);
    EXPECT_EQ(get(at("v1")).text, second);
    EXPECT_EQ(put_if(sha256(second), "If-None-Match", "*", second).status(), 412U);
    EXPECT_EQ(put_if(sha256(second) + "?tag=v2", "If-None-Match", "*", second).status(), 201U);
    EXPECT_EQ(put_if(sha256(first) + "?tag=v2", "If-None-Match", "*", first).status(), 412U);
    for (auto const& reference : {std::string("v1"), sha256(second)}) {
        EXPECT_EQ(ask(Method::del, at(reference), {{"If-Match", sha256(first)}}).status(), 412U);
        EXPECT_EQ(ask(Method::del, at(reference), {{"If-Match", sha256(second)}}).status(), 202U);
    }
}

TEST_F(Manifests, DeletingTheTagLeavesTheManifest) {
    auto const digest = sha256(push_image("v1"));
    EXPECT_EQ(ask(Method::del, at("v1")).status(), 202U);
    EXPECT_EQ(get(at("v1")).status(), 404U);
    EXPECT_EQ(get(at(digest)).status(), 200U);
}

TEST_F(Manifests, DeletesCanBeSwitchedOff) {
    auto const digest = sha256(push_image("v1"));
    auto const config = sha256("{}");
    rules.deletes = false;
    rebuild();
    for (auto const& path : {at("v1"), at(digest), "/v2/team/app/blobs/" + config}) {
        auto const answer = ask(Method::del, path);
        EXPECT_EQ(answer.status(), 405U) << path;
        EXPECT_TRUE(answer.says("UNSUPPORTED"));
        EXPECT_FALSE(answer["Allow"].empty());
        EXPECT_EQ(answer["Allow"].find("DELETE"), std::string::npos);
        EXPECT_EQ(get(path).status(), 200U);
    }
}

class Referrers : public test::AppTest {
  protected:
    std::string list = "/v2/team/app/referrers/" + sha256("subject");
    std::string artifact(std::string_view type, std::string_view note) {
        auto const more =
            fmt::format(R"(,"artifactType":"{}","subject":{{"mediaType":"{}","digest":"{}","size":7}})", type,
                        oci_manifest, sha256("subject"));
        auto const bytes = image(push("{}"), note, more);
        auto const answer = put(sha256(bytes), bytes);
        EXPECT_EQ(answer.status(), 201U);
        EXPECT_EQ(answer["OCI-Subject"], sha256("subject"));
        return sha256(bytes);
    }
};

TEST_F(Referrers, OfWhatIsUnknownAreAnEmptyIndex) {
    auto const answer = get("/v2/no/such/referrers/sha256:" + std::string(64, '0'));
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(answer["Content-Type"], oci_index);
    EXPECT_EQ(answer.text,
              fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[]}})", oci_index));
    EXPECT_EQ(get("/v2/a/referrers/sha256:bad").status(), 400U);
}

TEST_F(Referrers, AreListedWithTypeAndAnnotations) {
    auto const digest = artifact("application/vnd.x+json", "one");
    auto const answer = get(list);
    EXPECT_TRUE(answer.says(fmt::format(R"("digest":"{}","size":)", digest)));
    EXPECT_TRUE(answer.says(R"("artifactType":"application/vnd.x+json","annotations":{"note":"one"}})"));
    EXPECT_EQ(answer["OCI-Filters-Applied"], "");
}

TEST_F(Referrers, AreFilteredByOneType) {
    auto const wanted = artifact("application/vnd.x+json", "one");
    auto const other = artifact("application/vnd.y", "two");
    for (auto const* type : {"application/vnd.x+json", "application%2Fvnd.x%2Bjson"}) {
        auto const answer = get(list + "?artifactType=" + type);
        EXPECT_EQ(answer["OCI-Filters-Applied"], "artifactType");
        EXPECT_TRUE(answer.says(wanted));
        EXPECT_FALSE(answer.says(other));
    }
    auto const several = get(list + "?artifactType=application/vnd.x%2Bjson&artifactType=application/vnd.y");
    EXPECT_EQ(several["OCI-Filters-Applied"], "");
    EXPECT_TRUE(several.says(wanted) && several.says(other));
}

TEST_F(Referrers, ComeInPages) {
    std::vector<std::string> digests{artifact("a/x", "one"), artifact("a/x", "two"),
                                     artifact("a/x", "three")};
    std::string target = list + "?n=1&artifactType=a/x";
    std::size_t found = 0;
    for (int page = 0; page < 3; ++page) {
        auto const answer = get(target);
        for (auto const& digest : digests) found += answer.says(digest) ? 1 : 0;
        auto const link = answer["Link"];
        EXPECT_EQ(link.empty(), page == 2);
        if (link.empty()) break;
        target = link.substr(1, link.find('>') - 1);
        EXPECT_TRUE(target.ends_with("&n=1&artifactType=a/x")) << target;
    }
    EXPECT_EQ(found, 3U);
}

TEST_F(Referrers, PagesEndBeforeClientsChoke) {
    auto const note = std::string(1'700'000, 'x');
    auto const first = artifact("a/x", note + "1");
    auto const second = artifact("a/x", note + "2");
    auto const answer = get(list);
    EXPECT_LT(answer.text.size(), 4U << 20);
    EXPECT_NE(answer.says(first), answer.says(second));
    EXPECT_FALSE(answer["Link"].empty());
}

}  // namespace
}  // namespace ocilot::http
