#include "hookbox/mailbox_metrics.h"

#include <string>
#include <utility>

namespace ocilot::hookbox {

namespace {

Counter& questions(Metrics& metrics, Topic topic, std::string_view outcome) {
    return metrics.counter("ocilot_hook_questions_total", "Calls of hook points.",
                           {{"point", std::string(to_string(topic))}, {"outcome", std::string(outcome)}});
}

template <std::size_t... I>
std::array<TopicMetrics, topics.size()> all(Metrics& metrics, std::index_sequence<I...>) {
    return {TopicMetrics(metrics, topics[I].topic)...};
}

}  // namespace

TopicMetrics::TopicMetrics(Metrics& metrics, Topic topic)
    : answered(questions(metrics, topic, "answered")),
      late(questions(metrics, topic, "late")),
      refused(questions(metrics, topic, "refused")),
      closed(questions(metrics, topic, "closed")),
      seconds(metrics.histogram("ocilot_hook_seconds", "Duration from a call of a hook point to its answer.",
                                duration_buckets(), {{"point", std::string(to_string(topic))}})) {}

MailboxMetrics::MailboxMetrics(Metrics& metrics)
    : of(all(metrics, std::make_index_sequence<topics.size()>())),
      outstanding(
          metrics.gauge("ocilot_hook_questions_outstanding", "Calls of hook points without an answer yet.")),
      dropped(metrics.counter("ocilot_hook_answers_dropped_total",
                              "Answers of hooks received after the deadline.")) {}

}  // namespace ocilot::hookbox
