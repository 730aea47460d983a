#include "app_fixture.h"

namespace ocilot::http {
namespace {

class Blobs : public test::AppTest {
  protected:
    void SetUp() override {
        AppTest::SetUp();
        for (std::size_t i = 0; i < 2048; ++i) text.push_back(static_cast<char>('a' + i % 26));
        path = "/v2/team/app/blobs/" + push(text);
    }
    Answer ranged(std::string const& range) { return get(path, {{"Range", range}}); }
    std::string text;
    std::string path;
};

TEST_F(Blobs, ComeBackWhole) {
    auto const answer = get(path);
    EXPECT_EQ(answer.status(), 200U);
    EXPECT_EQ(answer.text, text);
    EXPECT_EQ(answer["Docker-Content-Digest"], sha256(text));
    EXPECT_EQ(answer["Content-Type"], "application/octet-stream");
    EXPECT_EQ(answer["Accept-Ranges"], "bytes");
    EXPECT_EQ(answer["ETag"], '"' + sha256(text) + '"');
    EXPECT_EQ(answer["Cache-Control"], "max-age=31536000, immutable");
    auto const head = ask(Method::head, path);
    EXPECT_EQ(head.status(), 200U);
    EXPECT_EQ(head.response.content_length, text.size());
    EXPECT_EQ(head["Docker-Content-Digest"], sha256(text));
    EXPECT_EQ(ask(Method::head, path, {{"Range", "bytes=0-1"}}).status(), 200U);
}

TEST_F(Blobs, ComeInSingleRanges) {
    struct Row {
        std::string range;
        std::size_t from, to;
    };
    for (auto const& row : {Row{"bytes=500-1499", 500, 1499}, Row{"bytes=500-", 500, 2047},
                            Row{"bytes=-500", 1548, 2047}, Row{"bytes=2000-5000", 2000, 2047}}) {
        auto const answer = ranged(row.range);
        EXPECT_EQ(answer.status(), 206U) << row.range;
        EXPECT_EQ(answer["Content-Range"], fmt::format("bytes {}-{}/2048", row.from, row.to));
        EXPECT_EQ(answer.text, text.substr(row.from, row.to - row.from + 1));
        EXPECT_EQ(answer["Docker-Content-Digest"], sha256(text));
    }
}

TEST_F(Blobs, RangesThatCannotBeAreToldSo) {
    for (auto const* range : {"bytes=500-0", "bytes=5000-10000", "bytes=-0"}) {
        auto const answer = ranged(range);
        EXPECT_EQ(answer.status(), 416U) << range;
        EXPECT_EQ(answer["Content-Range"], "bytes */2048");
        EXPECT_TRUE(answer.says("RANGE_INVALID"));
    }
}

TEST_F(Blobs, OtherRangesGetEverything) {
    for (auto const* range : {"bytes=0-1,5-x", "lines=0-5", "bytes=1-x"}) {
        auto const answer = ranged(range);
        EXPECT_EQ(answer.status(), 200U) << range;
        EXPECT_EQ(answer.text, text);
    }
    EXPECT_EQ(get(path, {{"Range", "bytes=0-1"}, {"Range", "bytes=2-3"}}).status(), 200U);
}

TEST_F(Blobs, SeveralRangesComeInPartsInTheOrderAsked) {
    auto const answer = ranged("bytes=2000-5000, 0-1 ,,-2,9000-");
    EXPECT_EQ(answer.status(), 206U);
    EXPECT_EQ(test::values(answer.response, "Content-Type"),
              std::vector<std::string>{"multipart/byteranges; boundary=part-id-7"});
    EXPECT_EQ(answer["Content-Range"], "");
    EXPECT_EQ(answer["Docker-Content-Digest"], sha256(text));
    auto const part = [&](std::string_view range, std::size_t from, std::size_t length) {
        return fmt::format(
            "--part-id-7\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes "
            "{}/2048\r\n\r\n{}\r\n",
            range, text.substr(from, length));
    };
    EXPECT_EQ(answer.text, part("2000-2047", 2000, 48) + part("0-1", 0, 2) + part("2046-2047", 2046, 2) +
                               "--part-id-7--\r\n");
}

TEST_F(Blobs, OneRangeLeftOfSeveralComesAlone) {
    auto const answer = ranged("bytes=9000-,5-6,-0");
    EXPECT_EQ(answer.status(), 206U);
    EXPECT_EQ(answer["Content-Range"], "bytes 5-6/2048");
    EXPECT_EQ(answer["Content-Type"], "application/octet-stream");
    EXPECT_EQ(answer.text, "fg");
    auto const none = ranged("bytes=9000-,2048-,-0");
    EXPECT_EQ(none.status(), 416U);
    EXPECT_EQ(none["Content-Range"], "bytes */2048");
}

TEST_F(Blobs, SeveralRangesNeverCostMoreThanEverything) {
    std::string overlapping = "bytes=0-";
    std::string tiny = "bytes=0-0";
    std::string many = "bytes=0-0";
    for (int i = 1; i < 1000; ++i) overlapping += ",0-";
    for (int i = 1; i < 1000; ++i) tiny += fmt::format(",{}-{}", i, i);
    for (int i = 1; i <= 1024; ++i) many += ",9000-";
    for (auto const& range : {overlapping, tiny, many, std::string("bytes=0-1023,1024-2047")}) {
        auto const answer = ranged(range);
        EXPECT_EQ(answer.status(), 200U) << range;
        EXPECT_EQ(answer["Content-Type"], "application/octet-stream");
        EXPECT_EQ(answer.text, text);
    }
    auto const head = ask(Method::head, path, {{"Range", "bytes=0-1,4-5"}});
    EXPECT_EQ(head.status(), 200U);
    EXPECT_EQ(head.response.content_length, text.size());
}

TEST_F(Blobs, IfRangeGuardsARange) {
    auto const tag = '"' + sha256(text) + '"';
    EXPECT_EQ(get(path, {{"Range", "bytes=0-1"}, {"If-Range", tag}}).status(), 206U);
    EXPECT_EQ(get(path, {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status(), 200U);
    EXPECT_EQ(get(path, {{"Range", "bytes=0-1"}, {"If-None-Match", tag}}).status(), 304U);
}

TEST_F(Blobs, AreSeenOnlyInTheirRepository) {
    auto const elsewhere = get("/v2/other/blobs/" + sha256(text));
    EXPECT_EQ(elsewhere.status(), 404U);
    EXPECT_TRUE(elsewhere.says("BLOB_UNKNOWN"));
    EXPECT_EQ(get("/v2/team/app/blobs/sha256:short").status(), 400U);
    auto const manifest = sha256(push_image("v1"));
    EXPECT_EQ(get("/v2/team/app/blobs/" + manifest).status(), 404U);
    EXPECT_EQ(get("/v2/team/app/manifests/" + sha256(text)).status(), 404U);
}

TEST_F(Blobs, CanBeDeleted) {
    auto const answer = ask(Method::del, path);
    EXPECT_EQ(answer.status(), 202U);
    EXPECT_EQ(ask(Method::head, path).status(), 404U);
    EXPECT_EQ(ask(Method::del, path).status(), 404U);
}

TEST_F(Blobs, MayBeEmpty) {
    auto const empty = "/v2/team/app/blobs/" + push("");
    EXPECT_EQ(get(empty).status(), 200U);
    EXPECT_EQ(get(empty).text, "");
    EXPECT_EQ(get(empty, {{"Range", "bytes=0-"}}).status(), 416U);
}

}  // namespace
}  // namespace ocilot::http
