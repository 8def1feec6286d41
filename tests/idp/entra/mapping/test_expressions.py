"""The functions of Entra ID's attribute mapping, as Microsoft's reference describes them."""

import pytest

from scim.idp.entra.mapping.expressions import (
    ExpressionError,
    compile_expression,
    evaluate,
    list_attributes,
)

ADA = {
    "givenName": "Ada",
    "surname": "Lovelace",
    "mail": "ada@contoso.example",
    "accountEnabled": True,
    "employeeId": "12",
    "country": None,
    "appRoleAssignments": [{"displayName": "Admins"}, {"displayName": "Users"}],
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"a \\"b\\" \\\\ [c], d"', 'a "b" \\ [c], d'),
        ("1000", "1000"),
        ('Append([mail], ".test")', "ada@contoso.example.test"),
        ("Append( Mid([givenName], 1, 2) ,Mid([surname],1,5))", "AdLovel"),
        ("Coalesce([country], [mail], [surname])", "ada@contoso.example"),
        ('Coalesce([country], "none")', "none"),
        ("Coalesce([country])", ""),
        ('IIF([employeeId]="12", [givenName], [surname])', "Ada"),
        ('IIF([employeeId]<>"12", [givenName], [surname])', "Lovelace"),
        ('IIF([employeeId] > "9", "more", "less")', "more"),
        ('IIF([employeeId] >= "12", "more", "less")', "more"),
        ('IIF([employeeId] < 9, "less", "more")', "more"),
        ('IIF([givenName] <= "B", "less", "more")', "less"),
        ('IIF([country]="", "Other", [country])', ""),  # nothing is never compared
        ('IIF([country]<>"GB", "Other", "GB")', "GB"),
        ('IIF([accountEnabled], "on", "off")', "on"),
        ('Join(", ", "", [surname], [country], [givenName])', "Lovelace, Ada"),
        ('Join("", 1000, [employeeId])', "100012"),
        ("Left([surname], 4)", "Love"),
        ("Left([surname], 0)", ""),
        ("Left([surname], -1)", "Lovelace"),
        ("Left([surname], 99)", "Lovelace"),
        ("Mid([surname], 5, 4)", "lace"),
        ("Mid([surname], 5, 99)", "lace"),
        ("Not([accountEnabled])", "False"),
        ('Not("False")', "True"),
        ('Replace([mail], "@contoso.example", , ,"", ,)', "ada"),
        ('Replace([mail], "", , ,"x", ,)', "ada@contoso.example"),
        ('Switch([givenName], "?", "ada", "no", "Ada", "yes")', "yes"),
        ('Switch([surname], "?", "Ada", "yes")', "?"),
        ('Switch([country], [surname], "", "Other")', "Other"),
        ("ToLower([surname])", "lovelace"),
        ("ToUpper([surname])", "LOVELACE"),
        ('Trim("  Ada ")', "Ada"),
        ("SingleAppRoleAssignment([appRoleAssignments])", "Admins"),
        (
            'Switch(SingleAppRoleAssignment([appRoleAssignments]), "member", "Admins", "owner")',
            "owner",
        ),
    ],
)
def test_expression_gives_what_the_reference_says(expression, value):
    assert evaluate(expression, ADA) == value


def test_who_has_no_role_gives_nothing():
    assert evaluate("SingleAppRoleAssignment([appRoleAssignments])", {}) == ""


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "a value is missing"),
        ("mail", "'mail' is not understood in mail"),
        ("[mail", "'[mail' is not understood"),
        ('"mail', "'\"mail' is not understood"),
        ("Word([mail], 1)", "the function Word is not known here"),
        ("tolower([mail])", "the function tolower is not known here"),
        ('Append("x", Guid())', "the function Guid is not known here"),
        ("ToLower([mail]", "a comma or a closing parenthesis is missing"),
        ('Append([mail] "x")', "a comma or a closing parenthesis is missing"),
        ("ToLower([mail]) [mail]", "'mail' is one too many"),
        ("ToLower([mail]))", "')' is one too many"),
        ('[mail] = "x"', "'=' is one too many"),
        ('IIF(="x", "a", "b")', "a value is missing before '='"),
        ("Append([mail])", "Append does not take 1 arguments"),
        ('ToLower([mail], "tr-TR")', "ToLower does not take 2 arguments"),
        ('Switch([mail], "a", "b")', "Switch takes keys and values in pairs"),
        ('Switch([mail], "a")', "Switch takes keys and values in pairs"),
        ('Left([mail], "x")', "Left and Mid take numbers"),
        ("Mid([mail], [employeeId], 1)", "Left and Mid take numbers"),
        ('Replace([mail], , "@.*", , "", , )', "Replace must be Replace(source,"),
        ('Replace([mail], "a", "b")', "Replace must be Replace(source,"),
        ("ToLower(" * 5000, "nested too deeply"),
    ],
)
def test_what_is_not_understood_is_named(expression, message):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(expression)

    assert message in str(caught.value)


def test_attributes_are_those_in_brackets():
    expression = 'Join("[x]", [givenName], ToLower([mail]))'

    assert list_attributes(expression) == ["givenName", "mail"]
