#include "base/metrics.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

using namespace ocilot;
using testing::HasSubstr;

TEST(Metrics, WritesThePrometheusTextFormat) {
    Metrics metrics;
    metrics.counter("pulls_total", "Pulls so far.", {{"code", "200"}, {"method", "GET"}}).add(3);
    metrics.counter("pulls_total", "Pulls so far.", {{"code", "404"}, {"method", "GET"}}).add();
    metrics.gauge("uploads", "Uploads open now.").set(-2);
    static constexpr std::array bounds{0.5, 1.0, 2.5};
    auto& seconds = metrics.histogram("seconds", "How long.", bounds, {{"op", "pull"}});
    for (double const value : {0.25, 0.5, 0.75, 99.0}) seconds.observe(value);
    EXPECT_EQ(metrics.text(),
              "# HELP pulls_total Pulls so far.\n"
              "# TYPE pulls_total counter\n"
              "pulls_total{code=\"200\",method=\"GET\"} 3\n"
              "pulls_total{code=\"404\",method=\"GET\"} 1\n"
              "# HELP uploads Uploads open now.\n"
              "# TYPE uploads gauge\n"
              "uploads -2\n"
              "# HELP seconds How long.\n"
              "# TYPE seconds histogram\n"
              "seconds_bucket{op=\"pull\",le=\"0.5\"} 2\n"
              "seconds_bucket{op=\"pull\",le=\"1\"} 3\n"
              "seconds_bucket{op=\"pull\",le=\"2.5\"} 3\n"
              "seconds_bucket{op=\"pull\",le=\"+Inf\"} 4\n"
              "seconds_sum{op=\"pull\"} 100.5\n"
              "seconds_count{op=\"pull\"} 4\n");
}

TEST(Metrics, AsksForAGaugeWheneverItIsRead) {
    Metrics metrics;
    std::int64_t value = 1;
    metrics.gauge_of("left", "What is left.", [&value] { return value; });
    EXPECT_NE(metrics.text().find("\nleft 1\n"), std::string::npos);
    value = -7;
    EXPECT_NE(metrics.text().find("\nleft -7\n"), std::string::npos);
}

TEST(Metrics, GivesTheSameMetricForTheSameNameAndLabels) {
    Metrics metrics;
    auto& first = metrics.counter("a", "A.", {{"k", "1"}});
    for (int i = 0; i < 100; ++i) metrics.counter("a", "A.", {{"k", std::to_string(i)}}).add();
    EXPECT_EQ(&first, &metrics.counter("a", "A.", {{"k", "1"}}));
    EXPECT_EQ(first.value(), 1U);
}

TEST(Metrics, EscapesLabelValues) {
    Metrics metrics;
    metrics.gauge("a", "A.", {{"k", "x\"y\\z\nforged 1"}}).add(1);
    EXPECT_THAT(metrics.text(), HasSubstr("a{k=\"x\\\"y\\\\z\\nforged 1\"} 1\n"));
}

TEST(Metrics, LosesNothingCountedByManyThreads) {
    Metrics metrics;
    static constexpr std::array bounds{1.0};
    auto const work = [&metrics] {
        for (int i = 0; i < 1000; ++i) {
            metrics.counter("a", "A.").add();
            metrics.histogram("b", "B.", bounds).observe(1);
        }
    };
    std::thread other(work);
    work();
    other.join();
    EXPECT_EQ(metrics.counter("a", "A.").value(), 2000U);
    EXPECT_THAT(metrics.text(), HasSubstr("b_count 2000\n"));
    EXPECT_THAT(metrics.text(), HasSubstr("b_sum 2000\n"));
}

TEST(Metrics, HasRisingDurationBuckets) {
    auto const bounds = duration_buckets();
    EXPECT_TRUE(std::ranges::is_sorted(bounds));
    EXPECT_DOUBLE_EQ(bounds.front(), 0.0001);
    EXPECT_DOUBLE_EQ(bounds.back(), 60);
}
