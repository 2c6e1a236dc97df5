import type { FieldIssue, Problem } from './problem.js';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (name: string, value: string) => void;
  readonly problem: Problem | undefined;
  readonly type?: 'text' | 'email';
  readonly inputMode?: 'numeric' | 'text';
  readonly hint?: string;
  readonly isRequired?: boolean;
  readonly maxLength?: number;
}

/** One line of a form, with what the API said of it. */
export function Field({
  name,
  label,
  value,
  onChange,
  problem,
  hint,
  type = 'text',
  inputMode = 'text',
  isRequired,
  maxLength,
}: FieldProps) {
  const issue = problem?.details.issues?.find(({ path }: FieldIssue) => path === name);
  const describedBy = [hint && `${name}-hint`, issue && `${name}-issue`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type}
        list={undefined}
        inputMode={inputMode}
        value={value}
        required={isRequired}
        maxLength={maxLength}
        aria-invalid={issue !== undefined}
        aria-describedby={describedBy || undefined}
        onInput={(event) => onChange(name, event.currentTarget.value)}
      />
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {issue && (
        <p class="issue" id={`${name}-issue`}>
          {issue.message}
        </p>
      )}
    </div>
  );
}
