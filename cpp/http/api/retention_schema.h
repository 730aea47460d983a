#pragma once

#include "http/api/admin.h"
#include "http/core/page.h"
#include "http/core/schema.h"

#include <string_view>

/// What requests and responses below `/api/v1/retention` hold.
namespace ocilot::http::retention_values {

inline constexpr std::string_view verdicts[] = {"keep", "delete"};
inline constexpr std::string_view plan_states[] = {"making",   "ready",   "waiting",
                                                   "applying", "applied", "refused"};

inline constexpr Schema policy_list = schema::list_of(schema::any_object);
inline constexpr Field policy_run_fields[] = {{"policy", schema::any_text},
                                              {"schedule", schema::any_text, "Such as `every 1d`."},
                                              {"last_at", schema::or_null(schema::time)},
                                              {"next_at", schema::time}};
inline constexpr Schema policy_run = schema::object_of("PolicyRun", policy_run_fields);
inline constexpr Field unreadable_policy_fields[] = {{"policy", schema::any_text},
                                                     {"error", schema::any_text, "Why it cannot be read."}};
inline constexpr Schema unreadable_policy = schema::object_of("UnreadablePolicy", unreadable_policy_fields);
inline constexpr Field retention_fields[] = {
    {"enabled", schema::boolean, "Whether plans are made and applied on schedule."},
    {"interval_seconds", schema::count, "Of policies without a schedule of their own."},
    {"timezone", schema::any_text, "Of the times of day in schedules."},
    {"next_at", schema::or_null(schema::time), "When the next plan is due."},
    {"clock_is_doubted", schema::boolean, "Whether scheduled plans wait for an administrator."},
    {"schedules", schema::list_of(policy_run)},
    {"rules_version", schema::any_text},
    {"policies", policy_list, "The policies in force, in the form of the configuration."},
    {"unreadable", schema::list_of(unreadable_policy),
     "Policies of the API that this version cannot read. Nothing is deleted while there is one."}};
inline constexpr Schema retention_schema = schema::object_of("Retention", retention_fields);

inline constexpr Field planned_deletion_fields[] = {{"tags", schema::count}, {"manifests", schema::count}};
inline constexpr Schema planned_deletion = schema::object_of("PlannedDeletion", planned_deletion_fields);
inline constexpr Field applied_fields[] = {{"at", schema::time},
                                           {"by", schema::any_text},
                                           {"tags", schema::count, "Deleted."},
                                           {"manifests", schema::count, "Deleted."},
                                           {"skipped", schema::count, "Rows that had changed."},
                                           {"denied", schema::count, "Rows that a hook did not allow."}};
inline constexpr Schema applied_schema = schema::object_of("AppliedPlan", applied_fields);
inline constexpr Field plan_fields[] = {
    {"id", schema::id},
    {"made_at", schema::time},
    {"made_by", schema::any_text},
    {"scheduled", schema::boolean},
    {"policies", schema::list_of(schema::any_text), "That it was made for; empty: all."},
    {"state", schema::one_of(plan_states)},
    {"waits", schema::or_null(schema::any_text), "Why the job does not apply it by itself."},
    {"rules_version", schema::any_text},
    {"repositories", schema::count},
    {"tags", schema::count},
    {"delete", planned_deletion},
    {"untagged", schema::count, "Manifests without a tag."},
    {"bytes", schema::count, "Bytes that become free."},
    {"applied", schema::or_null(applied_schema)},
    {"error", schema::or_null(schema::any_text)}};
inline constexpr Schema plan_schema = schema::object_of("RetentionPlan", plan_fields);
inline constexpr Field plan_list_fields[] = {{"plans", schema::list_of(plan_schema), "Newest first."}};
inline constexpr Schema plan_list = schema::object_of("RetentionPlanList", plan_list_fields);

inline constexpr Field row_repository{"repository", schema::repository};
inline constexpr Field row_tag{"tag", schema::or_null(schema::tag), "`null` for an untagged manifest."};
inline constexpr Field row_digest{"digest", schema::digest};
inline constexpr Field row_verdict{"verdict", schema::one_of(verdicts)};
inline constexpr Field row_reason{"reason", schema::any_text};
inline constexpr Field row_rule{"rule", schema::or_null(schema::any_text),
                                "Such as `applications.delete.0`."};
inline constexpr Field row_why{"why", schema::any_text, "A sentence, whose words may change."};
inline constexpr Field row_pushed_at{"pushed_at", schema::time};
inline constexpr Field row_pulled_at{"pulled_at", schema::or_null(schema::time), "As last recorded."};
inline constexpr Field plan_row_fields[] = {row_repository, row_tag, row_digest,    row_verdict,  row_reason,
                                            row_rule,       row_why, row_pushed_at, row_pulled_at};
inline constexpr Schema plan_row = schema::object_of("RetentionRow", plan_row_fields);
inline constexpr Field plan_page_fields[] = {
    plan_fields[0],  plan_fields[1],
    plan_fields[2],  plan_fields[3],
    plan_fields[4],  plan_fields[5],
    plan_fields[6],  plan_fields[7],
    plan_fields[8],  plan_fields[9],
    plan_fields[10], plan_fields[11],
    plan_fields[12], plan_fields[13],
    plan_fields[14], {"rows", schema::list_of(plan_row), "At most 500, of one repository."}};
inline constexpr Schema plan_page = schema::object_of("RetentionPlanPage", plan_page_fields);

inline constexpr Field selecting_rule_fields[] = {
    {"rule", schema::any_text}, {"text", schema::any_text}, {"selects", schema::boolean}};
inline constexpr Schema selecting_rule = schema::object_of("SelectingRule", selecting_rule_fields);
inline constexpr Field explanation_fields[] = {row_repository,
                                               row_tag,
                                               row_digest,
                                               row_verdict,
                                               row_reason,
                                               row_rule,
                                               row_why,
                                               row_pushed_at,
                                               row_pulled_at,
                                               {"pulls", schema::count, "By this tag."},
                                               {"pulls_counted_since", schema::or_null(schema::time)},
                                               {"rules", schema::list_of(selecting_rule)}};
inline constexpr Schema explanation_schema = schema::object_of("RetentionExplanation", explanation_fields);

inline constexpr Field new_plan_fields[] = {optional(
    {"policies", policy_list,
     "Policies to try instead of those in force. Over the network, their lists of images in use are URLs."})};
inline constexpr Schema new_plan = schema::body_of("NewRetentionPlan", new_plan_fields);
inline constexpr Field rule_match_fields[] = {
    {"rule", schema::any_text},
    {"text", schema::any_text},
    {"selected", schema::count, "Tags or manifests that it selects now."},
    {"named", schema::count, "Without regard to times and numbers."},
    {"candidates", schema::or_null(schema::count), "Of how many; `null` where it is not about tags."}};
inline constexpr Schema rule_match = schema::object_of("RuleMatch", rule_match_fields);
inline constexpr Field policy_match_fields[] = {
    {"policy", schema::any_text},
    {"repositories", schema::count},
    {"tags", schema::count},
    {"labels_unread", schema::count, "Of its tags, if its rules use labels."},
    {"keep", schema::list_of(rule_match)},
    {"delete", schema::list_of(rule_match)}};
inline constexpr Schema policy_match = schema::object_of("PolicyMatch", policy_match_fields);
inline constexpr Field matches_fields[] = {{"matches", schema::list_of(policy_match)}};
inline constexpr Schema matches_schema = schema::object_of("RetentionMatches", matches_fields);
inline constexpr Schema plan_number{.type = Schema::Type::integer, .most = std::int64_t{1} << 53};
inline constexpr Field apply_fields[] = {
    {"plan", plan_number, "Id of the plan."},
    optional({"exact", schema::boolean, "`true`: delete nothing if a row has changed."})};
inline constexpr Schema apply_body = schema::body_of("ApplyPlan", apply_fields);
inline constexpr Field apply_round_fields[] = {
    {"plan", schema::id},
    {"round", schema::count, "It has ended when `rounds` of `apply-retention` is at least this."},
    {"already_running", schema::boolean}};
inline constexpr Schema apply_round = schema::object_of("ApplyRound", apply_round_fields);

inline constexpr Field plan_field{"plan", schema::id, "Id of the plan."};
inline constexpr Field wanted_verdict = optional({"verdict", schema::one_of(verdicts), "Only such rows."});
inline constexpr Field after_piece = optional({"last", schema::id, "Value from the URL of the next page."});
inline constexpr Field plan_rows_query[] = {wanted_verdict, after_piece};
inline constexpr Field plans_query[] = {page_size, before_id};
inline constexpr Field explained_repository{"repository", schema::repository, "Name of the repository."};
inline constexpr Field explained_tag{"tag", schema::tag, "Name of the tag."};
inline constexpr Field explain_query[] = {explained_repository, explained_tag};

}  // namespace ocilot::http::retention_values
