#include "base/uuid.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <unordered_set>

using namespace ocilot;

namespace {

/// Fills with one byte, then with the next one.
class CountingRandom final : public Random {
  public:
    explicit CountingRandom(std::uint8_t first) : next_(first) {}
    void fill(std::span<std::byte> out) override {
        for (auto& byte : out) byte = std::byte{next_};
        ++next_;
    }

  private:
    std::uint8_t next_;
};

}  // namespace

TEST(Uuid, IsOfVersion4WhateverTheRandomBytes) {
    CountingRandom ones(0xff);
    EXPECT_EQ(Uuid::random(ones).str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    CountingRandom zeros(0x00);
    EXPECT_EQ(Uuid::random(zeros).str(), "00000000-0000-4000-8000-000000000000");
}

TEST(Uuid, ReadsBackWhatItWrites) {
    std::string const text = "0123abcd-4567-4abc-8def-fedcba987654";
    auto const id = Uuid::parse(text);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->str(), text);
    EXPECT_EQ(Uuid::parse(text), id);
}

TEST(Uuid, RefusesEveryOtherForm) {
    for (std::string_view const text :
         {"", "0123abcd-4567-4abc-8def-fedcba98765", "0123abcd-4567-4abc-8def-fedcba9876540",
          "0123ABCD-4567-4abc-8def-fedcba987654", "0123abcd4567-4abc-8def-fedcba9876540-",
          "0123abcd-4567-4abc-8def_fedcba987654", "{123abcd-4567-4abc-8def-fedcba98765}",
          "g123abcd-4567-4abc-8def-fedcba987654", "../../../../../../../../etc/passwd..",
          "0123abcd-4567-4abc-8def-fedcba98765\n"}) {
        EXPECT_FALSE(Uuid::parse(text)) << text;
    }
}

TEST(Uuid, DiffersFromDrawToDraw) {
    CountingRandom random(1);
    std::unordered_set<Uuid> seen;
    for (int i = 0; i < 100; ++i) seen.insert(Uuid::random(random));
    EXPECT_EQ(seen.size(), 100U);
    SystemRandom system;
    EXPECT_NE(Uuid::random(system), Uuid::random(system));
}
