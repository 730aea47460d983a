#include "oci/manifest.h"

#include "oci/media_type.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::oci;
using testing::HasSubstr;

namespace {

std::string const sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
std::string const sha512 = "sha512:" + std::string(128, '7');

/// A descriptor with more fields, each with a comma before it.
std::string descriptor(std::string const& more = "", std::string const& digest = sha256) {
    return fmt::format(R"({{"mediaType":"a/b","digest":"{}","size":7{}}})", digest, more);
}

/// An OCI image manifest whose text after schemaVersion is `fields`.
std::string object(std::string const& fields) {
    return R"({"schemaVersion":2,)" + fields + "}";
}

std::string image(std::string const& more = "") {
    return object(R"("config":)" + descriptor() + R"(,"layers":[)" + descriptor() + "]" + more);
}

std::string index(std::string const& more = "") {
    return object(R"("manifests":[)" + descriptor() + "]" + more);
}

/// An image manifest whose one layer is `layer`.
std::string with_layer(std::string const& layer) {
    return object(R"("config":)" + descriptor() + R"(,"layers":[)" + layer + "]");
}

std::string nested(std::size_t levels) {
    return image(R"(,"x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']'));
}

struct Refused {
    std::string body;
    std::string reason;
    std::string_view content_type = media_type::oci_manifest;
};

void expect_refused(Refused const& expected) {
    auto const manifest = parse_manifest(expected.body, expected.content_type);
    auto const shown = expected.body.substr(0, 200);
    ASSERT_TRUE(manifest.has_error()) << shown;
    EXPECT_EQ(manifest.error().code, Errc::manifest_invalid) << shown;
    EXPECT_THAT(manifest.error().message, HasSubstr(expected.reason)) << shown;
    EXPECT_LT(manifest.error().message.size(), 500U) << shown;
}

}  // namespace

TEST(Manifest, TellsAllThatARegistryHasToKnowOfAnImage) {
    auto const body = object(
        R"("mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"x/y","config":)" +
        descriptor() + R"(,"layers":[)" + descriptor(R"(,"urls":["https://a/","https://b/"])", sha512) + "," +
        descriptor(R"(,"annotations":{"k":"v"},"artifactType":"c/d")") + R"(],"subject":)" + descriptor() +
        R"(,"annotations":{"a":"1","b":"2"})");
    auto const manifest = parse_manifest(body, media_type::oci_manifest).value();
    EXPECT_EQ(manifest.media_type, media_type::oci_manifest);
    EXPECT_EQ(manifest.artifact_type, "x/y");
    ASSERT_TRUE(manifest.config && manifest.subject);
    EXPECT_EQ(manifest.config->media_type, "a/b");
    EXPECT_EQ(manifest.config->digest.str(), sha256);
    EXPECT_EQ(manifest.config->size, 7U);
    ASSERT_EQ(manifest.layers.size(), 2U);
    EXPECT_EQ(manifest.layers[0].digest.str(), sha512);
    EXPECT_EQ(manifest.layers[0].urls, (std::vector<std::string>{"https://a/", "https://b/"}));
    EXPECT_EQ(manifest.layers[1].urls, std::vector<std::string>{});
    EXPECT_EQ(manifest.layers[1].annotations, (Annotations{{"k", "v"}}));
    EXPECT_EQ(manifest.layers[1].artifact_type, "c/d");
    EXPECT_EQ(manifest.subject->digest.str(), sha256);
    EXPECT_EQ(manifest.annotations, (Annotations{{"a", "1"}, {"b", "2"}}));
    EXPECT_TRUE(manifest.manifests.empty());
}

TEST(Manifest, TellsTheChildrenOfAnIndexInOrder) {
    auto const body = object(R"("manifests":[)" + descriptor("", sha512) + "," +
                             descriptor(R"(,"platform":{"os":"linux","architecture":"arm64"})") + "]");
    for (auto const type : {media_type::oci_index, media_type::docker_list}) {
        auto const manifest = parse_manifest(body, type).value();
        EXPECT_EQ(manifest.media_type, type);
        ASSERT_EQ(manifest.manifests.size(), 2U);
        EXPECT_EQ(manifest.manifests[0].digest.str(), sha512);
        EXPECT_EQ(manifest.manifests[1].digest.str(), sha256);
        EXPECT_TRUE(manifest.layers.empty());
        EXPECT_FALSE(manifest.config);
    }
}

TEST(Manifest, TakesItsTypeFromTheHeaderOrTheBody) {
    auto const body = image(R"(,"mediaType":"application/vnd.docker.distribution.manifest.v2+json")");
    EXPECT_EQ(parse_manifest(body, "").value().media_type, media_type::docker_manifest);
    EXPECT_EQ(parse_manifest(body, media_type::docker_manifest).value().media_type,
              media_type::docker_manifest);
    EXPECT_EQ(parse_manifest(image(), media_type::docker_manifest).value().media_type,
              media_type::docker_manifest);
    EXPECT_EQ(parse_manifest(image(R"(,"mediaType":"")"), media_type::oci_manifest).value().media_type,
              media_type::oci_manifest);
}

TEST(Manifest, ShowsReferrersItsArtifactTypeOrItsConfigsType) {
    EXPECT_EQ(
        parse_manifest(image(R"(,"artifactType":"x/y")"), media_type::oci_manifest).value().referrer_type(),
        "x/y");
    EXPECT_EQ(parse_manifest(image(), media_type::oci_manifest).value().referrer_type(), "a/b");
    EXPECT_EQ(parse_manifest(index(), media_type::oci_index).value().referrer_type(), "");
}

TEST(Manifest, AcceptsWhatTheSpecSaysMustBeAccepted) {
    std::string const bodies[] = {
        image(R"(,"unknown":{"config":[1,-2.5e3,true,null,"x"],"layers":{}})"),
        image(R"(,"subject":null,"annotations":null,"artifactType":null,"mediaType":null)"),
        image(R"(,"annotations":{},"fsLayers":"not ours to judge")"),
        object(R"("config":)" + descriptor(R"(,"data":"e30=")") + R"(,"layers":[])"),
        with_layer(descriptor(R"(,"urls":[],"platform":null,"mediatype":7)")),
        with_layer(descriptor(R"(,"urls":null,"annotations":null)")),
        with_layer(R"({"mediaType":"no type at all","digest":")" + sha256 +
                   R"(","size":9223372036854775807})"),
        with_layer(R"({"mediaType":"a/b","digest":")" + sha256 + R"(","size":0})"),
        " \t\r\n" + image() + "\n ",
        image(R"(,"x":"\ud83d\ude00 \u0000 é")"),
        image(R"(,"x":{"a":{"a":{"a":1}},"b":{"a":1}})"),
        nested(64),
    };
    for (auto const& body : bodies) {
        auto const manifest = parse_manifest(body, media_type::oci_manifest);
        EXPECT_TRUE(manifest.has_value()) << body << (manifest ? "" : manifest.error().message);
    }
    EXPECT_TRUE(parse_manifest(object(R"("manifests":[])"), media_type::oci_index).has_value());
}

TEST(Manifest, RefusesWhatIsNotOneStrictJsonObject) {
    Refused const cases[] = {
        {"", "not valid JSON"},
        {" ", "not valid JSON"},
        {"null", "not a JSON object"},
        {"true", "not a JSON object"},
        {"2", "not a JSON object"},
        {"-2", "not a JSON object"},
        {"2.5", "not a JSON object"},
        {"\"x\"", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"[" + image() + "]", "not a JSON object"},
        {"{}", "schemaVersion"},
        {"\xEF\xBB\xBF" + image(), "byte order mark"},
        {image() + "}}", "not valid JSON"},
        {image() + "{}", "not valid JSON"},
        {image() + std::string(1, '\0'), "is NUL"},
        {image() + std::string("\0{}", 3), "is NUL"},
        {image().substr(0, 40), "not valid JSON"},
        {image(",}"), "not valid JSON"},
        {image(R"(,"x":")"
               "\xff"
               R"(")"),
         "not valid JSON"},
        {image(R"(,"x":")"
               "\xc0\xaf"
               R"(")"),
         "not valid JSON"},
        {image(R"(,"x":")"
               "\xed\xa0\x80"
               R"(")"),
         "not valid JSON"},
        {image(R"(,"x":"\ud800")"), "not valid JSON"},
        {image(R"(,"x":"\x")"), "not valid JSON"},
        {image(",\"x\":\"\n\""), "not valid JSON"},
        {image(R"(,"x":NaN)"), "not valid JSON"},
        {image(R"(,"x":01)"), "not valid JSON"},
        {image(R"(,"x":1.)"), "not valid JSON"},
        {image(",/*x*/\"x\":1"), "not valid JSON"},
        {image(",'x':1"), "not valid JSON"},
        {image(",x:1"), "not valid JSON"},
        {"<html>", "not valid JSON"},
    };
    for (auto const& body : cases) expect_refused(body);
}

TEST(Manifest, RefusesDuplicateKeysAtAnyDepth) {
    Refused const cases[] = {
        {image(R"(,"config":)" + descriptor("", sha512)), "duplicate key \"config\""},
        {image(R"(,"x":1,"y":2,"x":1)"), "duplicate key \"x\""},
        {image(R"(,"x":[[{"a":1,"b":{"a":1},"\u0061":2}]])"), "duplicate key \"a\""},
        {image(R"(,"annotations":{"k":"1","k":"2"})"), "duplicate key \"k\""},
        {with_layer(descriptor(R"(,"digest":")" + sha512 + "\"")), "duplicate key \"digest\""},
        {R"({"schemaVersion":1,"schemaVersion":2})", "duplicate key \"schemaVersion\""},
        {image(R"(,"":1,"":2)"), "duplicate key \"\""},
    };
    for (auto const& body : cases) expect_refused(body);
}

TEST(Manifest, RefusesBodiesMadeToExhaustIt) {
    std::string keys = "{";
    for (int i = 0; i < 65'000; ++i) keys += fmt::format("\"k{}\":{{}},", i);
    std::string const tiny = R"({"mediaType":"a/b","digest":")" + sha256 + R"(","size":0},)";
    std::string layers;
    for (int i = 0; i < 10'000; ++i) layers += tiny;
    Refused const cases[] = {
        {nested(65), "deeper than 64"},
        {std::string(200'000, '['), "not a JSON object"},
        {image(R"(,"x":)" + std::string(200'000, '[')), "deeper than 64"},
        {[] {
             std::string body;
             for (int i = 0; i < 200'000; ++i) body += "{\"a\":";
             return body;
         }(),
         "deeper than 64"},
        {image(R"(,"x":)" + std::string(1'000'000, '9')), "number out of range"},
        {image(R"(,"x":-)" + std::string(100'000, '9')), "number out of range"},
        {image(R"(,"x":1e)" + std::string(100'000, '9')), "number out of range"},
        {R"({"schemaVersion":)" + std::string(100'000, '2') + "}", "number out of range"},
        {keys + R"("k0":1})", "duplicate key \"k0\""},
        {keys + R"("z":1})", "schemaVersion"},
        {with_layer(layers + "{}"), "layers[10000] has no mediaType"},
        {with_layer(std::string(1'000'000, '[')), "layers[0]: expected an object"},
        {R"({")" + std::string(100'000, 'k') + R"(":1,"x":)", "not valid JSON"},
        {R"({")" + std::string(100'000, 'k') + R"(":1,")" + std::string(100'000, 'k') + R"(":1})",
         "duplicate key"},
    };
    for (auto const& body : cases) expect_refused(body);
}

TEST(Manifest, ReadsHugeNumbersOfFieldsNobodyAsksFor) {
    auto const fraction = image(R"(,"x":0.)" + std::string(100'000, '3'));
    EXPECT_TRUE(parse_manifest(fraction, media_type::oci_manifest).has_value());
}

TEST(Manifest, IsNestedAsDeepAsTheLimitAllows) {
    EXPECT_TRUE(parse_manifest(nested(10), media_type::oci_manifest, {.depth = 10}).has_value());
    auto const deeper = parse_manifest(nested(11), media_type::oci_manifest, {.depth = 10});
    ASSERT_TRUE(deeper.has_error());
    EXPECT_EQ(deeper.error().message, "the manifest is nested deeper than 10 levels");
}

TEST(Manifest, HasAsManyMembersInOneObjectAsTheLimitAllows) {
    auto const with = [](std::size_t members, std::string_view where) {
        std::string text;
        for (std::size_t i = 0; i < members; ++i) text += fmt::format(R"({}"{}":"")", i ? "," : "", i);
        return image(fmt::format(R"(,"{}":{{{}}})", where, text));
    };
    JsonLimits const limits{.members = 20};
    for (auto const* where : {"annotations", "x"}) {
        EXPECT_TRUE(parse_manifest(with(20, where), media_type::oci_manifest, limits).has_value()) << where;
        auto const more = parse_manifest(with(21, where), media_type::oci_manifest, limits);
        ASSERT_TRUE(more.has_error()) << where;
        EXPECT_EQ(more.error().code, Errc::manifest_invalid);
        EXPECT_EQ(more.error().message, "an object of the manifest has more than 20 fields");
    }
    EXPECT_TRUE(parse_manifest(with(100'000, "x"), media_type::oci_manifest).has_value()) << "unless limited";
    // What follows is not even looked at.
    auto const many = with(30, "x");
    auto const cut = std::string_view(many).substr(0, many.rfind(R"("20":)") + 9);
    EXPECT_NE(parse_manifest(cut, media_type::oci_manifest, limits).error().message.find("20 fields"),
              std::string::npos);
}

TEST(Manifest, RefusesFieldsOfTheWrongKindAndSaysWhere) {
    Refused const cases[] = {
        {R"({"schemaVersion":"2"})", "schemaVersion: expected the integer 2"},
        {R"({"schemaVersion":2.0})", "schemaVersion: expected the integer 2"},
        {R"({"schemaVersion":-2})", "schemaVersion: expected the integer 2"},
        {R"({"schemaVersion":3})", "schemaVersion: expected the integer 2"},
        {R"({"schemaVersion":null})", "schemaVersion: expected the integer 2"},
        {R"({"schemaVersion":[2]})", "schemaVersion: expected the integer 2"},
        {image(R"(,"mediaType":7)"), "mediaType: expected a string"},
        {image(R"(,"artifactType":["x"])"), "artifactType: expected a string"},
        {image(R"(,"annotations":[])"), "annotations: expected an object"},
        {image(R"(,"annotations":"x")"), "annotations: expected an object"},
        {image(R"(,"annotations":{"k":1})"), "annotations: expected a string"},
        {image(R"(,"annotations":{"k":null})"), "annotations: expected a string"},
        {image(R"(,"annotations":{"k":{"k":"v"}})"), "annotations: expected a string"},
        {image(R"(,"subject":"x")"), "subject: expected an object"},
        {image(R"(,"subject":[])"), "subject: expected an object"},
        {image(R"(,"subject":{})"), "subject has no mediaType"},
        {object(R"("config":[],"layers":[])"), "config: expected an object"},
        {object(R"("config":"x","layers":[])"), "config: expected an object"},
        {object(R"("config":null,"layers":[])"), "needs a descriptor config"},
        {object(R"("config":{},"layers":[])"), "config has no mediaType"},
        {object(R"("layers":[])"), "needs a descriptor config"},
        {object(R"("layers":{},"config":)" + descriptor()), "layers: expected a list"},
        {object(R"("layers":7,"config":)" + descriptor()), "layers: expected a list"},
        {object(R"("x":1)"), "needs a list manifests", media_type::oci_index},
        {object(R"("manifests":{})"), "manifests: expected a list", media_type::oci_index},
        {object(R"("manifests":[1])"), "manifests[0]: expected an object", media_type::oci_index},
        {with_layer("null"), "layers[0]: expected an object"},
        {with_layer(descriptor() + ",[]"), "layers[1]: expected an object"},
    };
    for (auto const& body : cases) expect_refused(body);
}

TEST(Manifest, RefusesImpossibleDescriptorsWhereverTheyStand) {
    auto const sized = [](std::string const& size) {
        return R"({"mediaType":"a/b","digest":")" + sha256 + R"(","size":)" + size + "}";
    };
    auto const digested = [](std::string const& digest) { return descriptor("", digest); };
    Refused const impossible[] = {
        {sized("-1"), "size: expected a whole number from 0"},
        {sized("9223372036854775808"), "size: expected a whole number from 0"},
        {sized("18446744073709551616"), "size: expected a whole number from 0"},
        {sized("1.5"), "size: expected a whole number from 0"},
        {sized("1e3"), "size: expected a whole number from 0"},
        {sized("\"7\""), "size: expected a whole number from 0"},
        {sized("true"), "size: expected a whole number from 0"},
        {sized("{}"), "size: expected a whole number from 0"},
        {sized("null"), "has no size"},
        {R"({"mediaType":"a/b","size":7})", "has no digest"},
        {R"({"mediaType":"a/b","digest":null,"size":7})", "has no digest"},
        {R"({"digest":")" + sha256 + R"(","size":7})", "has no mediaType"},
        {R"({"mediaType":"","digest":")" + sha256 + R"(","size":7})", "has no mediaType"},
        {R"({"mediaType":7})", "mediaType: expected a string"},
        {R"({"digest":7})", "digest: expected a string"},
        {R"({"urls":"x"})", "urls: expected a list of strings"},
        {R"({"urls":["x",7]})", "urls[1]: expected a string"},
        {R"({"urls":[null]})", "urls[0]: expected a string"},
        {R"({"annotations":{"k":7}})", "annotations: expected a string"},
        {digested(""), ".digest: invalid digest"},
        {digested("sha256:short"), "64 hexadecimal digits"},
        {digested("sha256:" + std::string(64, 'A')), "lower case"},
        {digested("sha512:" + std::string(64, 'a')), "128 hexadecimal digits"},
        {digested("md5:d41d8cd98f00b204e9800998ecf8427e"), "expected sha256 or sha512"},
        {digested("blake3:" + std::string(64, 'a')), "expected sha256 or sha512"},
        {digested("sha256:../../../../etc/passwd"), ".digest: invalid digest"},
    };
    for (auto const& [text, reason, type] : impossible) {
        expect_refused({with_layer(text), reason});
        expect_refused({object(R"("layers":[],"config":)" + text), reason});
        expect_refused({image(R"(,"subject":)" + text), reason});
        expect_refused({object(R"("manifests":[)" + text + "]"), reason, media_type::oci_index});
    }
    expect_refused({with_layer(descriptor() + "," + sized("-1")), "layers[1].size"});
    expect_refused({image(R"(,"subject":)" + digested("x")), "subject.digest"});
}

TEST(Manifest, TakesTheNullOfAGoProgramForAnEmptyList) {
    auto const no_layers = object(R"("layers":null,"config":)" + descriptor());
    auto const no_manifests = object(R"("manifests":null)");
    EXPECT_TRUE(parse_manifest(no_layers, media_type::oci_manifest).has_value());
    EXPECT_TRUE(parse_manifest(no_manifests, media_type::docker_list).has_value());
}

TEST(Manifest, TakesAnArtifactThatNamesNoLayersForOneWithout) {
    auto const artifact = object(R"("artifactType":"a/b","config":)" + descriptor());
    auto const parsed = parse_manifest(artifact, media_type::oci_manifest);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_TRUE(parsed->layers.empty());
}

TEST(Manifest, RefusesABodyThatCouldBeReadAsEitherKind) {
    for (auto const type : {media_type::oci_manifest, media_type::oci_index, media_type::docker_manifest,
                            media_type::docker_list}) {
        expect_refused({image(R"(,"manifests":[])"), "ambiguous", type});
        expect_refused({image(R"(,"manifests":null)"), "ambiguous", type});
        expect_refused({index(R"(,"layers":[])"), "ambiguous", type});
        expect_refused({index(R"(,"layers":null)"), "ambiguous", type});
        expect_refused({index(R"(,"config":)" + descriptor()), "ambiguous", type});
    }
    expect_refused({image(), "has no config or layers", media_type::oci_index});
    expect_refused({index(), "has no manifests", media_type::docker_manifest});
}

TEST(Manifest, RefusesATypeItDoesNotKnowOrThatContradictsItself) {
    std::string const says_index = R"(,"mediaType":"application/vnd.oci.image.index.v1+json")";
    Refused const cases[] = {
        {image(), "missing media type", ""},
        {image(R"(,"mediaType":null)"), "missing media type", ""},
        {image(R"(,"mediaType":"")"), "missing media type", ""},
        {image(), "unsupported manifest type \"text/plain\"", "text/plain"},
        {image(), "application/vnd.docker.distribution.manifest.list.v2+json", "text/plain"},
        {image(R"(,"mediaType":"x/y")"), "unsupported manifest type \"x/y\"", ""},
        {image(says_index), "differs from its Content-Type"},
        {index(says_index), "differs from its Content-Type", media_type::docker_list},
        {image(says_index), "has no config or layers", ""},
        {image(R"(,"mediaType":"application/vnd.oci.image.manifest.v1+json;x=y")"),
         "differs from its Content-Type"},
        {image(R"(,"mediaType":"Application/vnd.oci.image.manifest.v1+json")"),
         "differs from its Content-Type"},
    };
    for (auto const& body : cases) expect_refused(body);
}

TEST(Manifest, RefusesDockerSchema1AndSaysSo) {
    std::string const body =
        R"({"schemaVersion":1,"name":"a","tag":"b","fsLayers":[{"blobSum":"x"}],"history":[]})";
    for (auto const type : {media_type::docker_schema1, media_type::docker_schema1_signed,
                            media_type::docker_manifest, std::string_view()}) {
        expect_refused({body, "Docker schema 1", type});
    }
    expect_refused({image(), "Docker schema 1", media_type::docker_schema1});
    expect_refused({image(R"(,"mediaType":"application/vnd.docker.distribution.manifest.v1+json")"),
                    "Docker schema 1", ""});
}
