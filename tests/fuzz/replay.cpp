#include "targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>

namespace ocilot::fuzz {
namespace {

namespace fs = std::filesystem;

struct Target {
    char const* name;
    void (*run)(std::string_view);
};

constexpr std::array targets{
    Target{"chunks", chunks},
    Target{"conditions", conditions},
    Target{"content_range", content_range},
    Target{"digest", digest},
    Target{"hash_state", hash_state},
    Target{"head", head},
    Target{"http_response", http_response},
    Target{"http_url", http_url},
    Target{"jwt", jwt},
    Target{"manifest", manifest},
    Target{"media_type", media_type},
    Target{"name", name},
    Target{"no_proxy", no_proxy},
    Target{"page", page},
    Target{"range", range},
    Target{"reference", reference},
    Target{"resource", resource},
    Target{"route", route},
    Target{"target", target},
    Target{"upload_seal", upload_seal},
    Target{"url", url},
    Target{"uuid", uuid},
};

fs::path const corpus = OCILOT_FUZZ_CORPUS;

std::string content(fs::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, KeepsEveryPromise) {
    std::size_t count = 0;
    for (auto const& entry : fs::directory_iterator(corpus / GetParam().name)) {
        SCOPED_TRACE(entry.path().filename().string());
        auto const text = content(entry.path());
        // Every beginning, so that an input that ends anywhere is looked at as well.
        for (std::size_t size = 0; size <= text.size(); ++size) GetParam().run(std::string(text, 0, size));
        ++count;
    }
    EXPECT_GE(count, 3U);
}

std::string name_of(testing::TestParamInfo<Target> const& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(targets), name_of);

TEST(Corpus, BelongsToTargets) {
    std::set<std::string> known;
    for (auto const& target : targets) known.insert(target.name);
    for (auto const& entry : fs::directory_iterator(corpus)) {
        EXPECT_TRUE(known.contains(entry.path().filename().string())) << entry.path();
    }
}

}  // namespace
}  // namespace ocilot::fuzz
